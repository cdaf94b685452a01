#include "reports/outline.h"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace isocenter::reports {
namespace {

// Sides of the cell between four pixel centres.
enum CellSide { top, right, bottom, left };

struct Step {
  CellSide from, to;
};

// By the inside corners (1: upper left, 2: upper right, 4: lower right, 8: lower left); the inside is on the right of the way.
constexpr std::array<std::array<Step, 2>, 16> steps = {{{},
                                                        {{{top, left}}},
                                                        {{{right, top}}},
                                                        {{{right, left}}},
                                                        {{{bottom, right}}},
                                                        {{{top, left}, {bottom, right}}},
                                                        {{{bottom, top}}},
                                                        {{{bottom, left}}},
                                                        {{{left, bottom}}},
                                                        {{{top, bottom}}},
                                                        {{{right, top}, {left, bottom}}},
                                                        {{{right, bottom}}},
                                                        {{{left, right}}},
                                                        {{{top, right}}},
                                                        {{{left, top}}},
                                                        {}}};
constexpr std::array<int, 16> step_count = {0, 1, 1, 1, 1, 2, 1, 1, 1, 1, 2, 1, 1, 1, 1, 0};

// By pixel of a line of the mask: the distance to the border along the line, positive inside, at most `most` on either side.
std::vector<float> signed_distances(std::span<const std::uint8_t> line, float most) {
  const auto count = static_cast<std::int64_t>(line.size());
  std::vector<float> distance(line.size(), most);
  float since = most;  // pixels since the last change, from either end
  const auto step = [&](std::int64_t at, std::int64_t before) {
    const bool changed = before >= 0 && before < count && line[at] != line[before];
    since = changed ? 0.5f : std::min(most, since + 1);
    distance[at] = std::min(distance[at], since);
  };
  for (std::int64_t at = 0; at < count; ++at) step(at, at - 1);
  since = most;
  for (std::int64_t at = count - 1; at >= 0; --at) step(at, at + 1);
  for (std::int64_t at = 0; at < count; ++at)
    if (line[at] == 0) distance[at] = -distance[at];
  return distance;
}

// Where the other row has nothing, its distance is as far outside as this row is deep, so that the structure closes halfway.
void close_halfway(std::vector<float>& row, const std::vector<float>& other) {
  if (*std::ranges::max_element(row) < 0) std::ranges::fill(row, -std::max(0.5f, *std::ranges::max_element(other)));
}

// `times` times the rows of a mask.
FineMask with_rows_between(const FineMask& mask, int times) {
  if (times <= 1 || mask.height < 2) return mask;
  FineMask fine{{}, mask.width, (mask.height - 1) * times + 1};
  fine.pixels.resize(fine.width * fine.height);
  const auto most = static_cast<float>(2 * times);
  const std::span<const std::uint8_t> pixels(mask.pixels);
  for (std::int64_t row = 0; row + 1 < mask.height; ++row) {
    std::vector<float> above = signed_distances(pixels.subspan(row * mask.width, mask.width), most);
    std::vector<float> below = signed_distances(pixels.subspan((row + 1) * mask.width, mask.width), most);
    close_halfway(above, below);
    close_halfway(below, above);
    for (int n = 0; n <= times; ++n) {
      const float share = static_cast<float>(n) / static_cast<float>(times);
      std::uint8_t* to = fine.pixels.data() + (row * times + n) * fine.width;
      for (std::int64_t u = 0; u < fine.width; ++u) to[u] = (1 - share) * above[u] + share * below[u] > 0 ? 1 : 0;
    }
  }
  return fine;
}

FineMask transposed(const FineMask& mask) {
  FineMask turned{std::vector<std::uint8_t>(mask.pixels.size()), mask.height, mask.width};
  for (std::int64_t v = 0; v < mask.height; ++v)
    for (std::int64_t u = 0; u < mask.width; ++u) turned.pixels[v + turned.width * u] = mask.pixels[u + mask.width * v];
  return turned;
}

}  // namespace

FineMask interpolated(std::span<const std::uint8_t> mask, std::int64_t width, std::int64_t height, int times_u, int times_v) {
  const FineMask rows = with_rows_between({{mask.begin(), mask.end()}, width, height}, times_v);
  return times_u <= 1 ? rows : transposed(with_rows_between(transposed(rows), times_u));
}

std::vector<ClosedLine> outlines(std::span<const std::uint8_t> mask, std::int64_t width, std::int64_t height) {
  if (static_cast<std::int64_t>(mask.size()) != width * height) throw std::logic_error("a mask is not width * height");
  // Cells (cu, cv) lie between pixels (cu - 1, cv - 1) and (cu, cv): a ring of outside pixels is thought round the mask. A side is named by
  // the cell that it is the top (even) or the left (odd) of.
  const std::int64_t across = width + 2;
  const auto inside = [&](std::int64_t u, std::int64_t v) {
    return u >= 0 && v >= 0 && u < width && v < height && mask[u + width * v] != 0 ? 1 : 0;
  };
  const auto side_name = [&](std::int64_t cu, std::int64_t cv, CellSide side) {
    if (side == bottom) return 2 * (cu + across * (cv + 1));
    if (side == right) return 2 * (cu + 1 + across * cv) + 1;
    return 2 * (cu + across * cv) + (side == left ? 1 : 0);
  };
  std::vector<std::int64_t> next(2 * across * (height + 2), -1);
  for (std::int64_t cv = 0; cv <= height; ++cv) {
    for (std::int64_t cu = 0; cu <= width; ++cu) {
      const int corners = inside(cu - 1, cv - 1) + 2 * inside(cu, cv - 1) + 4 * inside(cu, cv) + 8 * inside(cu - 1, cv);
      for (int n = 0; n < step_count[corners]; ++n) {
        const Step step = steps[corners][n];
        next[side_name(cu, cv, step.from)] = side_name(cu, cv, step.to);
      }
    }
  }
  std::vector<ClosedLine> lines;
  for (std::size_t start = 0; start < next.size(); ++start) {
    if (next[start] < 0) continue;
    ClosedLine line;
    for (std::int64_t side = static_cast<std::int64_t>(start); next[side] >= 0;) {
      const std::int64_t cell = side / 2;
      const double cu = static_cast<double>(cell % across), cv = static_cast<double>(cell / across);
      line.push_back(side % 2 ? PlanePoint{cu - 1, cv - 0.5} : PlanePoint{cu - 0.5, cv - 1});
      const std::int64_t following = next[side];
      next[side] = -1;
      side = following;
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

ClosedLine smoothed(const ClosedLine& line, int times) {
  ClosedLine now = line;
  for (int round = 0; round < times; ++round) {
    ClosedLine finer;
    finer.reserve(2 * now.size());
    for (std::size_t i = 0; i < now.size(); ++i) {
      const PlanePoint a = now[i], b = now[(i + 1) % now.size()];
      finer.push_back({0.75 * a.u + 0.25 * b.u, 0.75 * a.v + 0.25 * b.v});
      finer.push_back({0.25 * a.u + 0.75 * b.u, 0.25 * a.v + 0.75 * b.v});
    }
    now = std::move(finer);
  }
  return now;
}

}  // namespace isocenter::reports
