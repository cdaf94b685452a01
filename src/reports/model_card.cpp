#include "reports/model_card.h"

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/file.h"

namespace isocenter::reports {

std::vector<std::string> card_limits(const std::filesystem::path& package_folder) {
  constexpr std::uint64_t largest_card = 4u << 20;
  std::vector<std::string> limits;
  std::error_code error;
  if (!std::filesystem::exists(package_folder / "card.json", error)) return limits;
  const auto card = nlohmann::json::parse(core::read_text(package_folder / "card.json", largest_card), nullptr, false);
  if (!card.is_object()) return limits;
  const auto found = card.find("limits");
  if (found == card.end() || !found->is_array()) return limits;
  for (const auto& limit : *found)
    if (limit.is_string()) limits.push_back(limit.get<std::string>());
  return limits;
}

}  // namespace isocenter::reports
