#include "reports/selection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <string_view>

#include "reports/text.h"

namespace isocenter::reports {
namespace {

std::string lower(std::string_view text) {
  std::string low(text);
  std::ranges::transform(low, low.begin(), [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return low;
}

// Whether one of the words stands in the text as a word of its own: "t1" in "AX T1 POST" and "T1w", not in "st12".
bool has_word(const std::string& text, std::string_view word) {
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    const bool starts = at == 0 || !std::isalnum(static_cast<unsigned char>(text[at - 1]));
    const std::size_t end = at + word.size();
    const bool ends = end >= text.size() || !std::isalpha(static_cast<unsigned char>(text[end])) ||
                      (text[end] == 'w' && (end + 1 >= text.size() || !std::isalnum(static_cast<unsigned char>(text[end + 1]))));
    if (starts && ends) return true;
  }
  return false;
}

template <std::size_t N>
bool has_any(const std::string& text, const std::array<std::string_view, N>& words) {
  return std::ranges::any_of(words, [&](std::string_view word) { return has_word(text, word); });
}

constexpr std::array<std::string_view, 24> special_words = {"tof",  "mra",  "angio", "dwi", "dti",  "adc",   "diffusion", "swi",
                                                            "swan", "t2*",  "perf",  "dsc", "dce",  "asl",   "bold",      "fmri",
                                                            "epi",  "ep2d", "phase", "mrs", "venc", "trace", "mip",       "fieldmap"};
constexpr std::array<std::string_view, 10> t1_words = {"t1",    "mprage", "mp-rage", "spgr", "fspgr",
                                                       "bravo", "tfl3d",  "tfl",     "vibe", "mp2rage"};
constexpr std::array<std::string_view, 9> t2_words = {"flair", "pd", "dark-fluid", "darkfluid", "proton", "tirm", "stir", "cube", "space"};
constexpr std::array<std::string_view, 9> contrast_words = {"post", "gad", "gd", "ce", "+c", "contrast", "t1c", "postcontrast", "t1post"};
constexpr std::array<std::string_view, 4> without_contrast_words = {"pre", "without", "wo", "noncontrast"};

std::string described(const formats::Series& series) {
  return lower(series.description + " " + series.protocol + " " + series.sequence_name);
}

// Parts of the body as BodyPartExamined and descriptions name them, by the anatomy that packages ask for.
struct Region {
  std::string_view anatomy;
  std::array<std::string_view, 9> words;
};
constexpr std::array<Region, 8> regions = {
    {{"head", {"head", "brain", "skull", "headneck", "hippocampus", "cranium", "pituitary", "orbit", "neuro"}},
     {"spine", {"spine", "cspine", "tspine", "lspine", "sspine", "lumbar", "cervical", "thoracic", "sacrum"}},
     {"chest", {"chest", "thorax", "lung", "heart", "cardiac", "mediastinum"}},
     {"breast", {"breast", "mamma"}},
     {"abdomen", {"abdomen", "liver", "kidney", "pancreas", "spleen", "bowel", "enterography"}},
     {"pelvis", {"pelvis", "prostate", "uterus", "bladder", "rectum", "hip"}},
     {"knee", {"knee"}},
     {"limb", {"shoulder", "elbow", "wrist", "hand", "ankle", "foot", "leg", "arm", "extremity"}}}};

std::optional<std::string_view> region_in(const std::string& text) {
  for (const Region& region : regions)
    for (const std::string_view word : region.words)
      if (!word.empty() && has_word(text, word)) return region.anatomy;
  return std::nullopt;
}

// A body part of DICOM or, where it says none, the series' own words; nothing when neither tells.
std::optional<std::string_view> region_of(const formats::Series& series) {
  const auto stated = region_in(lower(series.body_part));
  const auto told = region_in(described(series));
  return told ? told : stated;
}

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : between) + word;
  return text;
}

// Pictures that were computed from others are no acquisition to measure on. Reformatted planes of an acquired volume are.
std::optional<std::string> computed_image(const formats::Series& series) {
  const std::string type = lower(series.image_type);
  for (const std::string_view word : {"projection image", "mip", "adc", "fa", "tracew", "subtraction", "mean", "perfusion", "rcbv",
                                      "screen save", "phase map", "eadc", "rcbf", "mtt", "ttp"})
    if (type.find(std::string(word)) != std::string::npos && (word.size() > 3 || has_word(type, word)))
      return fmt::format("It is computed from other images ({}), not acquired.", word);
  if (has_word(type, "localizer")) return "It is a localizer.";
  return std::nullopt;
}

int thinness(const imaging::Geometry& grid) {
  const double thickest = *std::ranges::max_element(grid.spacing_mm);
  return thickest <= 1.6 ? 0 : thickest <= 3.2 ? 1 : thickest <= 5.6 ? 2 : 3;
}

double coverage_mm3(const imaging::Geometry& grid) {
  double product = 1;
  for (const double length : extent_mm(grid)) product *= std::min(length, 200.0);  // more than a head is no merit
  return product;
}

struct Rank {
  int special, thin, contrast, reformatted;
  double coverage, voxel_mm3;
};

Rank rank_of(const formats::Series& series) {
  const Contrast contrast = contrast_of(series);
  return {contrast == Contrast::special ? 1 : 0,
          thinness(series.geometry),
          static_cast<int>(contrast),
          has_word(lower(series.image_type), "derived") ? 1 : 0,
          coverage_mm3(series.geometry),
          series.geometry.voxel_volume_mm3()};
}

const char* words_of(Contrast contrast) {
  switch (contrast) {
    case Contrast::t1:
      return "T1";
    case Contrast::t1_after_contrast:
      return "T1 after contrast agent";
    case Contrast::t2_flair_or_pd:
      return "T2, FLAIR or proton density";
    case Contrast::unknown:
      return "unknown contrast";
    case Contrast::special:
      return "special sequence";
  }
  return "";
}

std::string thickness_text(const formats::Series& series) {
  return format_number(*std::ranges::max_element(series.geometry.spacing_mm), 1) + " mm";
}

// What decides between two series: negative when `a` is to be taken, with the reason why `b` was not.
std::pair<int, std::string> compare(const formats::Series& a, const formats::Series& b) {
  const Rank first = rank_of(a), second = rank_of(b);
  if (first.special != second.special) return {first.special - second.special, "an ordinary contrast goes before a special sequence"};
  if (first.thin != second.thin)
    return {first.thin - second.thin, fmt::format("its slices are thinner ({} against {})", thickness_text(a), thickness_text(b))};
  if (first.contrast != second.contrast)
    return {first.contrast - second.contrast, fmt::format("{} goes before {}", words_of(contrast_of(a)), words_of(contrast_of(b)))};
  if (first.reformatted != second.reformatted)
    return {first.reformatted - second.reformatted, "acquired slices go before reformatted ones"};
  if (std::abs(first.coverage - second.coverage) > 0.02 * std::max(first.coverage, second.coverage))
    return {first.coverage > second.coverage ? -1 : 1, "it covers more"};
  if (std::abs(first.voxel_mm3 - second.voxel_mm3) > 0.02 * std::max(first.voxel_mm3, second.voxel_mm3))
    return {first.voxel_mm3 < second.voxel_mm3 ? -1 : 1, "its voxels are finer"};
  return {0, "it is alike and comes first"};
}

}  // namespace

imaging::Vector3 extent_mm(const imaging::Geometry& geometry) {
  imaging::Vector3 extent{};
  for (int a = 0; a < 3; ++a) extent[a] = static_cast<double>(geometry.size[a]) * geometry.spacing_mm[a];
  return extent;
}

Contrast contrast_of(const formats::Series& series) {
  const std::string text = described(series);
  if (has_any(text, special_words)) return Contrast::special;
  const bool agent = (!series.contrast_agent.empty() || has_any(text, contrast_words)) && !has_any(text, without_contrast_words);
  // "T1 FLAIR" and "T1 SPACE" are T1, "T2 SPACE" and "FLAIR" are not.
  const bool t2 = has_word(text, "t2");
  if (has_any(text, t1_words) && !t2) return agent ? Contrast::t1_after_contrast : Contrast::t1;
  if (t2 || has_any(text, t2_words)) return Contrast::t2_flair_or_pd;
  if (series.echo_time_ms && series.repetition_time_ms) {
    // Short echo: T1 when the repetition is short too, or when an inversion of less than 1.3 s prepares it (FLAIR waits longer).
    const bool short_echo = *series.echo_time_ms < 30;
    const bool prepared = series.inversion_time_ms && *series.inversion_time_ms > 0 && *series.inversion_time_ms < 1300;
    if (short_echo && (*series.repetition_time_ms < 1200 || prepared)) return agent ? Contrast::t1_after_contrast : Contrast::t1;
    return Contrast::t2_flair_or_pd;
  }
  return Contrast::unknown;
}

std::optional<std::string> unreadable(const formats::Series& series, const models::Package& package) {
  const models::InputRequirement& input = package.input;
  if (!input.modalities.empty() && std::ranges::find(input.modalities, series.modality) == input.modalities.end())
    return fmt::format("It is {} and {} reads {}.", series.modality.empty() ? "of unknown modality" : series.modality, package.name,
                       joined(input.modalities, " and "));
  if (!series.refusal.empty()) return "It cannot be used: " + series.refusal + ".";
  if (const auto reason = computed_image(series)) return reason;
  if (!input.anatomy.empty()) {
    const auto region = region_of(series);
    if (region && std::ranges::find(input.anatomy, *region) == input.anatomy.end())
      return fmt::format("It shows the {} and {} reads the {}.", *region, package.name, input.anatomy[0]);
  }
  const imaging::Vector3 extent = extent_mm(series.geometry);
  if (std::ranges::any_of(extent, [&](double length) { return length < input.minimum_extent_mm; }))
    return fmt::format("It covers {:.0f} \u00d7 {:.0f} \u00d7 {:.0f} mm; {} needs at least {:.0f} mm along every axis.", extent[0],
                       extent[1], extent[2], package.name, input.minimum_extent_mm);
  return std::nullopt;
}

std::string name_of(const formats::Series& series) {
  std::string name = series.modality;
  if (!series.description.empty()) name += (name.empty() ? "'" : " '") + series.description + "'";
  if (!series.number.empty()) name += fmt::format(" (series {})", series.number);
  return name.empty() ? "a series without a name" : printable(name);
}

Selection select_series(const std::vector<formats::Series>& series, const models::Package& package) {
  Selection selection;
  selection.reasons.resize(series.size());
  for (std::size_t n = 0; n < series.size(); ++n) {
    if (const auto reason = unreadable(series[n], package)) {
      selection.reasons[n] = *reason;
    } else if (!selection.used || compare(series[n], series[*selection.used]).first < 0) {
      selection.used = n;
    }
  }
  if (selection.used)
    for (std::size_t n = 0; n < series.size(); ++n)
      if (n != *selection.used && selection.reasons[n].empty())
        selection.reasons[n] = fmt::format("It could be read, but {} was preferred: {}.", name_of(series[*selection.used]),
                                           compare(series[*selection.used], series[n]).second);
  return selection;
}

}  // namespace isocenter::reports
