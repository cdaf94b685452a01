#include "methods/generation/brain_id/contrast.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace isocenter::methods::brain_id {
namespace {

enum Tissue {
  white,
  cerebellar_white,
  grey,
  cerebellar_grey,
  thalamus,
  caudate,
  putamen,
  pallidum,
  medial_temporal,
  stem,
  fluid,
  vessel,
  chiasm,
  lesion,
  tissues
};

// Relative brightness as neuroradiology describes the weightings: order and rough distances only, from memory and looking at scans; they
// are disturbed before use and stand for no protocol. Columns as `Tissue`.
constexpr std::array<std::array<float, tissues>, 4> weightings = {{
    {0.95f, 0.92f, 0.62f, 0.58f, 0.80f, 0.66f, 0.70f, 0.86f, 0.62f, 0.86f, 0.16f, 0.45f, 0.75f, 0.5f},   // T1
    {0.38f, 0.36f, 0.56f, 0.55f, 0.46f, 0.50f, 0.46f, 0.32f, 0.58f, 0.42f, 0.98f, 0.25f, 0.45f, 0.8f},   // T2
    {0.58f, 0.56f, 0.76f, 0.72f, 0.68f, 0.72f, 0.68f, 0.55f, 0.80f, 0.62f, 0.12f, 0.30f, 0.60f, 0.95f},  // FLAIR
    {0.72f, 0.72f, 0.90f, 0.90f, 0.84f, 0.88f, 0.84f, 0.74f, 0.90f, 0.78f, 0.86f, 0.35f, 0.75f, 0.95f},  // proton density
}};

Tissue tissue_of(int label) {
  switch (label) {
    case 2:
    case 41:
      return white;
    case 7:
    case 46:
      return cerebellar_white;
    case 3:
    case 42:
      return grey;
    case 8:
    case 47:
      return cerebellar_grey;
    case 10:
    case 49:
      return thalamus;
    case 11:
    case 50:
    case 26:
    case 58:
      return caudate;
    case 12:
    case 51:
      return putamen;
    case 13:
    case 52:
      return pallidum;
    case 17:
    case 18:
    case 53:
    case 54:
      return medial_temporal;
    case 16:
    case 28:
    case 60:
      return stem;
    case 30:
    case 62:
      return vessel;
    case 85:
      return chiasm;
    case 25:
    case 57:
      return lesion;
    default:
      return fluid;  // ventricles, sulcal fluid and their auxiliary classes
  }
}

}  // namespace

std::vector<TissueIntensity> draw_contrast(const LabelTable& table, double weighted, core::Random& random) {
  std::vector<TissueIntensity> by_class(table.generation_classes);
  for (auto& tissue : by_class) tissue = {static_cast<float>(random.uniform(0.02, 1.0)), static_cast<float>(random.uniform(0.01, 0.12))};
  if (random.chance(weighted)) {
    // T1 most often: it is what most studies of volumes hold.
    const double draw = random.uniform();
    const auto& weighting = weightings[draw < 0.5 ? 0 : draw < 0.67 ? 1 : draw < 0.84 ? 2 : 3];
    const float spread = static_cast<float>(random.uniform(0.02, 0.08)), noise = static_cast<float>(random.uniform(0.01, 0.06));
    const float power = static_cast<float>(std::exp(0.3 * random.normal()));
    // One shift a tissue, and a small one a class, so that the two sides of a tissue stay alike but not equal.
    std::array<float, tissues> means;
    for (int i = 0; i < tissues; ++i) means[i] = std::pow(weighting[i], power) + spread * static_cast<float>(random.normal());
    for (const auto& row : table.rows) {
      if (row.extra_cerebral) continue;
      auto& target = by_class[row.generation_class];
      target.mean = std::clamp(means[tissue_of(row.label)] + 0.015f * static_cast<float>(random.normal()), 0.02f, 1.1f);
      target.deviation = noise * static_cast<float>(random.uniform(0.6, 1.4));
    }
  } else if (random.chance(0.5)) {
    // Random, but the two sides alike: real scans are; the other half of the draws keeps a network from relying on it.
    for (const auto& left : table.rows)
      for (const auto& right : table.rows)
        if (left.side == LabelRow::Side::left && right.side == LabelRow::Side::right && left.name.substr(4) == right.name.substr(5))
          by_class[right.generation_class] = by_class[left.generation_class];
  }
  std::vector<TissueIntensity> by_row;
  for (const auto& row : table.rows) by_row.push_back(by_class[row.generation_class]);
  // Air is dark in most scans.
  for (std::size_t i = 0; i < by_row.size(); ++i)
    if (table.rows[i].label == 0 && random.chance(0.9)) by_row[i] = {0.0f, static_cast<float>(random.uniform(0, 0.02))};
  return by_row;
}

}  // namespace isocenter::methods::brain_id
