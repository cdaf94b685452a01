// A room includes only itself and the rooms that src/CMakeLists.txt says it uses. Linking alone would not notice a header-only use.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Room {
  std::string folder;
  std::set<std::string> uses, test_uses;  // rooms
};

// Reads the isocenter_room(...) calls.
std::map<std::string, Room> declared_rooms() {
  std::map<std::string, Room> rooms;
  for (const char* file : {"src/CMakeLists.txt", "src/methods/CMakeLists.txt"}) {
    const std::string text = text_of(file);
    const std::regex call(R"(isocenter_room\(([^)]*)\))");
    for (std::sregex_iterator it(text.begin(), text.end(), call), end; it != end; ++it) {
      std::istringstream words((*it)[1].str());
      std::string word, section, name;
      words >> name;
      Room room{name, {name}, {}};
      while (words >> word) {
        static const std::set<std::string> sections = {"FOLDER", "USES", "LIBRARIES", "PRIVATE_LIBRARIES", "TEST_LIBRARIES", "SOURCES"};
        if (sections.contains(word))
          section = word;
        else if (section == "FOLDER")
          room.folder = word;
        else if (section == "USES")
          room.uses.insert(word);
        else if (section == "TEST_LIBRARIES" && word.rfind("isocenter_", 0) == 0)
          room.test_uses.insert(word.substr(10));
      }
      rooms[name] = room;
    }
  }
  return rooms;
}

std::string room_of(const std::string& include, const std::map<std::string, Room>& rooms) {
  for (const auto& [name, room] : rooms)
    if (include.rfind(room.folder + "/", 0) == 0) return name;
  return "";
}

TEST(IncludeOrder, EveryRoomIncludesOnlyWhatItDeclares) {
  const auto rooms = declared_rooms();
  ASSERT_GE(rooms.size(), 10u);
  // What a room's uses may see is theirs to give on: a use of `reports` brings what `reports` shows in its headers.
  std::map<std::string, std::set<std::string>> reach;
  for (const auto& [name, room] : rooms) {
    std::set<std::string> seen = room.uses;
    for (bool grown = true; grown;) {
      grown = false;
      for (const auto& use : std::set<std::string>(seen))
        if (rooms.contains(use))
          for (const auto& next : rooms.at(use).uses) grown |= seen.insert(next).second;
    }
    reach[name] = seen;
  }
  int files = 0;
  const std::regex include(R"re(^\s*#include "([^"]+)")re");
  for (const auto& [name, room] : rooms) {
    if (name == "methods_learning" || !fs::exists("src/" + room.folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator("src/" + room.folder)) {
      const std::string path = entry.path().string();
      if (!path.ends_with(".cpp") && !path.ends_with(".h")) continue;
      ++files;
      std::istringstream lines(text_of(entry.path()));
      std::string line;
      const std::string stem = entry.path().filename().string();
      const bool learning = name == "methods" && (stem.rfind("experiment", 0) == 0 || stem.rfind("training", 0) == 0);
      while (std::getline(lines, line)) {
        std::smatch match;
        if (!std::regex_search(line, match, include)) continue;
        const std::string used = room_of(match[1], rooms);
        if (used.empty() && match[1].str().rfind("apps/", 0) != 0) continue;
        const bool allowed = reach.at(name).contains(used) || (learning && reach.at("methods_learning").contains(used)) ||
                             (path.ends_with("_test.cpp") && room.test_uses.contains(used));
        EXPECT_TRUE(allowed) << path << " includes " << match[1] << ", which room " << name << " does not declare";
      }
    }
  }
  EXPECT_GT(files, 50);
}

TEST(IncludeOrder, LibrariesStayBehindTheirWalls) {
  struct Wall {
    const char* pattern;
    const char* allowed;  // paths it may stand in
  };
  const Wall walls[] = {
      {R"(#include <torch/torch\.h>)", R"(^src/tensor/.*\.cpp$)"},
      {R"(#include <(torch|ATen|c10)/)", R"(^src/(tensor|learning|methods|apps/isocenter_learn)/)"},
      {R"(#include <dcmtk/)", R"(^src/formats/dicom/)"},
      {R"(#include <(dnnl|oneapi/dnnl)/?)", R"(^src/(engine/.*|kernels/.*_test\.cpp))"},
      {R"(#include <(cairo|pango))", R"(^src/reports/)"},
  };
  for (const auto& entry : fs::recursive_directory_iterator("src")) {
    const std::string path = entry.path().string();
    if (!path.ends_with(".cpp") && !path.ends_with(".h")) continue;
    const std::string text = text_of(entry.path());
    for (const auto& wall : walls)
      if (std::regex_search(text, std::regex(wall.pattern))) {
        EXPECT_TRUE(std::regex_search(path, std::regex(wall.allowed))) << path << " includes what belongs behind a wall: " << wall.pattern;
      }
  }
}

TEST(IncludeOrder, EveryRoomHasAReadme) {
  for (const auto& [name, room] : declared_rooms()) {
    if (name == "methods_learning") continue;
    EXPECT_TRUE(fs::exists("src/" + room.folder + "/README.md")) << room.folder;
  }
}

}  // namespace
