// Operators that arrange elements anew and compute nothing.
#include <cmath>
#include <set>

#include "graph/operators/support.h"

namespace isocenter::graph {
namespace {

AttributeRule integer_rule(std::string_view name, std::int64_t otherwise) {
  return {.name = name, .kind = AttributeKind::integer, .otherwise = otherwise};
}

// ---- Concat, Split

std::vector<Value> concat_shape(const NodeView& view) {
  Value result{"", view.value(0).type, view.shape(0)};
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), view.rank(0)));
  for (std::size_t part = 1; part < view.size(); ++part) {
    const Shape& shape = view.shape(part);
    if (view.value(part).type != result.type) view.refuse("part {} is of another type", part);
    if (shape.size() != result.shape.size())
      view.refuse("part {} has {} dimensions, part 0 has {}", part, shape.size(), result.shape.size());
    for (std::size_t i = 0; i < shape.size(); ++i) {
      if (i == axis) {
        result.shape[i] = result.shape[i] < 0 || shape[i] < 0 ? -1 : result.shape[i] + shape[i];
      } else {
        if (shape[i] >= 0 && result.shape[i] >= 0 && shape[i] != result.shape[i])
          view.refuse("sizes {} and {} differ along axis {}", result.shape[i], shape[i], i);
        result.shape[i] = std::max(result.shape[i], shape[i]);
      }
    }
  }
  return {result};
}

std::vector<Array> concat(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), result.shape.size()));
  const std::int64_t outer = product(result.shape, 0, axis), row = product(result.shape, axis, result.shape.size());
  std::int64_t offset = 0;
  for (std::size_t part = 0; part < view.size(); ++part) {
    const std::int64_t length = product(view.shape(part), axis, view.rank(part));
    for (std::int64_t i = 0; i < outer; ++i)
      std::copy_n(view.known(part)->values.begin() + i * length, length, result.values.begin() + i * row + offset);
    offset += length;
  }
  return {std::move(result)};
}

std::vector<Value> split_shape(const NodeView& view) {
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), view.rank(0)));
  const std::size_t count = view.node().outputs.size();
  const std::int64_t size = view.shape(0)[axis];
  std::vector<std::int64_t> sizes(count, -1);
  if (view.has(1)) {
    if (const auto known = view.known_integers(1)) sizes = *known;
    if (sizes.size() != count) view.refuse("{} sizes for {} outputs", sizes.size(), count);
    if (view.known(1) != nullptr && size >= 0) {
      std::int64_t left = size;
      for (const std::int64_t part : sizes) {
        if (part < 0 || part > left) view.refuse("the parts do not sum to {}", size);
        left -= part;
      }
      if (left != 0) view.refuse("the parts do not sum to {}", size);
    }
  } else if (size >= 0) {
    if (size % static_cast<std::int64_t>(count) != 0) view.refuse("{} does not divide into {} equal parts", size, count);
    sizes.assign(count, size / static_cast<std::int64_t>(count));
  }
  std::vector<Value> results(count, Value{"", view.value(0).type, view.shape(0)});
  for (std::size_t i = 0; i < count; ++i) results[i].shape[axis] = sizes[i];
  return results;
}

std::vector<Array> split(const NodeView& view, std::span<const Value> outputs) {
  const Array& x = *view.known(0);
  const auto axis = static_cast<std::size_t>(view.axis(integer(view.node(), "axis"), x.shape.size()));
  const std::int64_t outer = product(x.shape, 0, axis), row = product(x.shape, axis, x.shape.size());
  std::vector<Array> results;
  std::int64_t offset = 0;
  for (const Value& output : outputs) {
    results.push_back(zeros_like(output));
    const std::int64_t length = product(output.shape, axis, output.shape.size());
    for (std::int64_t i = 0; i < outer; ++i)
      std::copy_n(x.values.begin() + i * row + offset, length, results.back().values.begin() + i * length);
    offset += length;
  }
  return results;
}

// ---- the same elements in the same order under another shape

std::vector<Array> same_elements(const NodeView& view, std::span<const Value> outputs) {
  return {{outputs[0].type, outputs[0].shape, view.known(0)->values}};
}

// 0 copies the input's size (unless allowzero), one -1 takes what is left.
std::vector<Value> reshape_shape(const NodeView& view) {
  const Shape& x = view.shape(0);
  const auto wanted = view.known_integers(1);
  if (!wanted) {
    if (view.rank(1) != 1 || view.shape(1)[0] < 0) view.refuse("the number of dimensions depends on the data");
    return {{"", view.value(0).type, Shape(static_cast<std::size_t>(view.shape(1)[0]), -1)}};
  }
  Shape shape = *wanted;
  const bool zero_means_zero = integer(view.node(), "allowzero") != 0;
  std::optional<std::size_t> open;
  bool unknown = false;
  double others = 1;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape[i] == 0 && !zero_means_zero) {
      if (i >= x.size()) view.refuse("size {} is to be copied from an input of {} dimensions", i, x.size());
      shape[i] = x[i];
      if (shape[i] < 0) unknown = true;
    } else if (shape[i] == -1) {
      if (open) view.refuse("two sizes are left open");
      open = i;
    } else if (shape[i] < 0) {
      view.refuse("a size of {}", shape[i]);
    }
    if (shape[i] > 0) others *= static_cast<double>(shape[i]);
    if (shape[i] == 0) others = 0;
  }
  if (others > 9e15) view.refuse("the sizes' product is out of range");
  const std::int64_t count = product(x, 0, x.size());
  if (count >= 0 && !unknown) {
    const auto rest = static_cast<std::int64_t>(others);
    if (open) {
      if (rest == 0 || count % rest != 0) view.refuse("{} elements do not divide by {}", count, rest);
      shape[*open] = count / rest;
    } else if (count != rest) {
      view.refuse("{} elements do not fit a shape of {}", count, rest);
    }
  }
  return {{"", view.value(0).type, shape}};
}

std::vector<Value> flatten_shape(const NodeView& view) {
  const Shape& x = view.shape(0);
  std::int64_t axis = integer(view.node(), "axis");
  if (axis != static_cast<std::int64_t>(x.size())) axis = view.axis(axis, x.size());
  const auto at = static_cast<std::size_t>(axis);
  return {{"", view.value(0).type, {product(x, 0, at), product(x, at, x.size())}}};
}

std::vector<Value> squeeze_shape(const NodeView& view) {
  const Shape& x = view.shape(0);
  std::set<std::size_t> dropped;
  if (view.has(1)) {
    const auto axes = view.known_integers(1);
    if (!axes) view.refuse("the axes depend on the data");
    for (const std::int64_t axis : *axes) dropped.insert(static_cast<std::size_t>(view.axis(axis, x.size())));
  } else {
    for (std::size_t i = 0; i < x.size(); ++i)
      if (x[i] == 1) dropped.insert(i);
  }
  Shape shape;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!dropped.contains(i))
      shape.push_back(x[i]);
    else if (x[i] != 1 && x[i] >= 0)
      view.refuse("axis {} has size {} and cannot be dropped", i, x[i]);
  }
  return {{"", view.value(0).type, shape}};
}

std::vector<Value> unsqueeze_shape(const NodeView& view) {
  const auto axes = view.known_integers(1);
  if (!axes) view.refuse("the axes depend on the data");
  const std::size_t rank = view.rank(0) + axes->size();
  std::set<std::size_t> added;
  for (const std::int64_t axis : *axes)
    if (!added.insert(static_cast<std::size_t>(view.axis(axis, rank))).second) view.refuse("axis {} is added twice", axis);
  Shape shape;
  std::size_t from = 0;
  for (std::size_t i = 0; i < rank; ++i) shape.push_back(added.contains(i) ? 1 : view.shape(0)[from++]);
  return {{"", view.value(0).type, shape}};
}

// ---- Transpose

Shape permutation_of(const NodeView& view) {
  const std::size_t rank = view.rank(0);
  Shape order(rank);
  for (std::size_t i = 0; i < rank; ++i) order[i] = static_cast<std::int64_t>(rank - 1 - i);
  order = view.node().integers("perm", order);
  Shape sorted = order;
  std::ranges::sort(sorted);
  for (std::size_t i = 0; i < sorted.size(); ++i)
    if (sorted.size() != rank || sorted[i] != static_cast<std::int64_t>(i)) view.refuse("perm is not a permutation of {} axes", rank);
  if (sorted.size() != rank) view.refuse("perm is not a permutation of {} axes", rank);
  return order;
}

std::vector<Value> transpose_shape(const NodeView& view) {
  Shape shape;
  for (const std::int64_t axis : permutation_of(view)) shape.push_back(view.shape(0)[static_cast<std::size_t>(axis)]);
  return {{"", view.value(0).type, shape}};
}

std::vector<Array> transpose(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const Shape order = permutation_of(view), own = steps_of(view.shape(0));
  Shape steps;
  for (const std::int64_t axis : order) steps.push_back(own[static_cast<std::size_t>(axis)]);
  for_each_index(result.shape, [&](const Shape& index, std::size_t flat) {
    result.values[flat] =
        view.known(0)->values[static_cast<std::size_t>(std::inner_product(index.begin(), index.end(), steps.begin(), std::int64_t{0}))];
  });
  return {std::move(result)};
}

// ---- Slice: inputs data, starts, ends, axes, steps

struct Cut {
  std::int64_t start = 0, step = 1, size = -1;
};

std::vector<Cut> cuts_of(const NodeView& view) {
  const Shape& x = view.shape(0);
  std::vector<Cut> cuts(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) cuts[i].size = x[i];
  const auto starts = view.known_integers(1), ends = view.known_integers(2);
  std::optional<std::vector<std::int64_t>> axes, steps;
  if (view.has(3)) axes = view.known_integers(3);
  if (view.has(4)) steps = view.known_integers(4);
  if ((view.has(3) && !axes) || (!view.has(3) && !starts)) {  // any axis may be cut
    for (Cut& cut : cuts) cut.size = -1;
    return cuts;
  }
  if (!axes) {
    axes.emplace(starts->size());
    std::iota(axes->begin(), axes->end(), std::int64_t{0});
  }
  for (std::size_t i = 0; i < axes->size(); ++i) {
    Cut& cut = cuts[static_cast<std::size_t>(view.axis((*axes)[i], x.size()))];
    const std::int64_t size = cut.size;
    cut.size = -1;
    if (!starts || !ends || (view.has(4) && !steps) || size < 0) continue;
    if (starts->size() != axes->size() || ends->size() != axes->size() || (steps && steps->size() != axes->size()))
      view.refuse("starts, ends, axes and steps are of different lengths");
    cut.step = steps ? (*steps)[i] : 1;
    if (cut.step == 0) view.refuse("a step of zero");
    const auto clamped = [&](std::int64_t at) {
      if (at < 0) at = at < -size ? -1 : at + size;  // before the beginning: -1, which a negative step may end at
      return cut.step > 0 ? std::clamp<std::int64_t>(at, 0, size) : std::clamp<std::int64_t>(at, -1, size - 1);
    };
    cut.start = clamped((*starts)[i]);
    const std::int64_t end = clamped((*ends)[i]);
    const double length = std::ceil(static_cast<double>(end - cut.start) / static_cast<double>(cut.step));
    cut.size = length > 0 ? static_cast<std::int64_t>(length) : 0;
  }
  return cuts;
}

std::vector<Value> slice_shape(const NodeView& view) {
  Value result{"", view.value(0).type, {}};
  for (const Cut& cut : cuts_of(view)) result.shape.push_back(cut.size);
  return {result};
}

std::vector<Array> slice(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const auto cuts = cuts_of(view);
  const Shape steps = steps_of(view.shape(0));
  for_each_index(result.shape, [&](const Shape& index, std::size_t flat) {
    std::int64_t from = 0;
    for (std::size_t i = 0; i < index.size(); ++i) from += (cuts[i].start + index[i] * cuts[i].step) * steps[i];
    result.values[flat] = view.known(0)->values[static_cast<std::size_t>(from)];
  });
  return {std::move(result)};
}

// ---- Pad: inputs data, pads (all begins, then all ends; negative ones crop), value, axes

struct Margins {
  Shape before, after;
};

std::optional<Margins> margins_of(const NodeView& view) {
  const std::size_t rank = view.rank(0);
  const auto pads = view.known_integers(1);
  if (!pads) return std::nullopt;
  std::vector<std::int64_t> axes(rank);
  std::iota(axes.begin(), axes.end(), std::int64_t{0});
  if (view.has(3)) {
    const auto known = view.known_integers(3);
    if (!known) return std::nullopt;
    axes = *known;
  }
  if (pads->size() != 2 * axes.size()) view.refuse("{} pads for {} axes", pads->size(), axes.size());
  Margins margins{Shape(rank, 0), Shape(rank, 0)};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const auto axis = static_cast<std::size_t>(view.axis(axes[i], rank));
    margins.before[axis] = (*pads)[i], margins.after[axis] = (*pads)[i + axes.size()];
    if (std::max(std::llabs(margins.before[axis]), std::llabs(margins.after[axis])) > (std::int64_t{1} << 31))
      view.refuse("a pad is out of range");
  }
  return margins;
}

std::vector<Value> pad_shape(const NodeView& view) {
  const std::string mode = text(view.node(), "mode");
  if (mode != "constant" && mode != "reflect" && mode != "edge") view.refuse("mode '{}' is not known", mode);
  Value result{"", view.value(0).type, view.shape(0)};
  const auto margins = margins_of(view);
  for (std::size_t i = 0; i < result.shape.size(); ++i) {
    if (!margins || result.shape[i] < 0) {
      result.shape[i] = -1;
      continue;
    }
    const std::int64_t before = margins->before[i], after = margins->after[i], size = result.shape[i];
    if (mode == "reflect" && (before >= size || after >= size) && (before > 0 || after > 0))
      view.refuse("reflection beyond the size {}", size);
    if (mode == "edge" && size == 0 && (before > 0 || after > 0)) view.refuse("an empty array has no edge");
    result.shape[i] = size + before + after;
    if (result.shape[i] < 0) view.refuse("more is cropped than there is along axis {}", i);
  }
  return {result};
}

std::vector<Array> pad(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const std::string mode = text(view.node(), "mode");
  const Margins margins = *margins_of(view);
  const Shape &x = view.shape(0), steps = steps_of(x);
  const double filler = view.has(2) && !view.known(2)->values.empty() ? view.known(2)->values[0] : 0;
  for_each_index(result.shape, [&](const Shape& index, std::size_t flat) {
    std::int64_t from = 0;
    bool inside = true;
    for (std::size_t i = 0; i < index.size(); ++i) {
      std::int64_t at = index[i] - margins.before[i];
      if (mode == "edge") at = std::clamp<std::int64_t>(at, 0, x[i] - 1);
      if (mode == "reflect") at = at < 0 ? -at : at >= x[i] ? 2 * (x[i] - 1) - at : at;
      inside = inside && at >= 0 && at < x[i];
      from += at * steps[i];
    }
    result.values[flat] = inside ? view.known(0)->values[static_cast<std::size_t>(from)] : filler;
  });
  return {std::move(result)};
}

// ---- Expand, Tile

std::vector<Value> expand_shape(const NodeView& view) {
  const auto wanted = view.known_integers(1);
  if (!wanted) {
    if (view.rank(1) != 1 || view.shape(1)[0] < 0) view.refuse("the number of dimensions depends on the data");
    return {{"", view.value(0).type, Shape(std::max(static_cast<std::size_t>(view.shape(1)[0]), view.rank(0)), -1)}};
  }
  for (const std::int64_t size : *wanted)
    if (size < 0) view.refuse("a size of {}", size);
  return {{"", view.value(0).type, broadcast(view, view.shape(0), *wanted)}};
}

std::vector<Array> expand(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const BroadcastReader read(*view.known(0), result.shape);
  for_each_index(result.shape, [&](const Shape& index, std::size_t flat) { result.values[flat] = read(index); });
  return {std::move(result)};
}

std::vector<Value> tile_shape(const NodeView& view) {
  Value result{"", view.value(0).type, view.shape(0)};
  const auto repeats = view.known_integers(1);
  if (repeats && repeats->size() != result.shape.size()) view.refuse("{} repeats for {} axes", repeats->size(), result.shape.size());
  for (std::size_t i = 0; i < result.shape.size(); ++i) {
    const std::int64_t times = repeats ? (*repeats)[i] : -1;
    if (repeats && (times < 0 || times > (std::int64_t{1} << 31))) view.refuse("{} repeats", times);
    result.shape[i] = result.shape[i] < 0 || times < 0 ? -1 : result.shape[i] * times;
  }
  return {result};
}

std::vector<Array> tile(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const Shape &x = view.shape(0), steps = steps_of(x);
  for_each_index(result.shape, [&](const Shape& index, std::size_t flat) {
    std::int64_t from = 0;
    for (std::size_t i = 0; i < index.size(); ++i) from += index[i] % x[i] * steps[i];
    result.values[flat] = view.known(0)->values[static_cast<std::size_t>(from)];
  });
  return {std::move(result)};
}

// ---- DepthToSpace, SpaceToDepth: N C H W with blocks of b x b

std::vector<Value> blocks_shape(const NodeView& view) {
  require_rank(view, 0, 4, 4);
  const std::int64_t block = integer(view.node(), "blocksize");
  if (block < 1 || block > 4096) view.refuse("a block of {}", block);
  Shape shape = view.shape(0);
  const bool opens = view.node().op == "DepthToSpace";
  const auto times = [](std::int64_t size, std::int64_t factor) { return size < 0 ? -1 : size * factor; };
  const auto over = [&](std::int64_t size, std::int64_t factor) {
    if (size >= 0 && size % factor != 0) view.refuse("{} does not divide by {}", size, factor);
    return size < 0 ? -1 : size / factor;
  };
  shape[1] = opens ? over(shape[1], block * block) : times(shape[1], block * block);
  for (int i : {2, 3})
    shape[static_cast<std::size_t>(i)] =
        opens ? times(shape[static_cast<std::size_t>(i)], block) : over(shape[static_cast<std::size_t>(i)], block);
  return {{"", view.value(0).type, shape}};
}

std::vector<Array> blocks(const NodeView& view, std::span<const Value> outputs) {
  Array result = zeros_like(outputs[0]);
  const bool opens = view.node().op == "DepthToSpace";
  const std::int64_t b = integer(view.node(), "blocksize");
  const Shape &wide = opens ? result.shape : view.shape(0), &deep = opens ? view.shape(0) : result.shape;
  const Shape deep_steps = steps_of(deep);
  const bool column_first = opens && text(view.node(), "mode") == "CRD";
  for_each_index(wide, [&](const Shape& i, std::size_t flat) {
    const std::int64_t tap = i[2] % b * b + i[3] % b;
    const std::int64_t channel = column_first ? i[1] * b * b + tap : tap * wide[1] + i[1];
    const auto at = static_cast<std::size_t>(i[0] * deep_steps[0] + channel * deep_steps[1] + i[2] / b * deep_steps[2] + i[3] / b);
    if (opens)
      result.values[flat] = view.known(0)->values[at];
    else
      result.values[at] = view.known(0)->values[flat];
  });
  return {std::move(result)};
}

}  // namespace

std::vector<Operator> layout_operators() {
  return {
      {.name = "Concat",
       .least_inputs = 1,
       .most_inputs = Operator::any,
       .attributes = {{.name = "axis", .kind = AttributeKind::integer, .required = true}},
       .shape = concat_shape,
       .evaluate = concat},
      {.name = "Split",
       .least_inputs = 1,
       .most_inputs = 2,
       .least_outputs = 1,
       .most_outputs = Operator::any,
       .attributes = {integer_rule("axis", 0)},
       .shape = split_shape,
       .evaluate = split},
      {.name = "Reshape",
       .least_inputs = 2,
       .most_inputs = 2,
       .attributes = {integer_rule("allowzero", 0)},
       .shape = reshape_shape,
       .evaluate = same_elements},
      {.name = "Flatten", .attributes = {integer_rule("axis", 1)}, .shape = flatten_shape, .evaluate = same_elements},
      {.name = "Squeeze", .least_inputs = 1, .most_inputs = 2, .shape = squeeze_shape, .evaluate = same_elements},
      {.name = "Unsqueeze", .least_inputs = 2, .most_inputs = 2, .shape = unsqueeze_shape, .evaluate = same_elements},
      {.name = "Transpose",
       .attributes = {{.name = "perm", .kind = AttributeKind::integers}},
       .shape = transpose_shape,
       .evaluate = transpose},
      {.name = "Slice", .least_inputs = 3, .most_inputs = 5, .shape = slice_shape, .evaluate = slice},
      {.name = "Pad",
       .least_inputs = 2,
       .most_inputs = 4,
       .attributes = {{.name = "mode", .kind = AttributeKind::text, .otherwise = std::string("constant")}},
       .shape = pad_shape,
       .evaluate = pad},
      {.name = "Expand", .least_inputs = 2, .most_inputs = 2, .shape = expand_shape, .evaluate = expand},
      {.name = "Tile", .least_inputs = 2, .most_inputs = 2, .shape = tile_shape, .evaluate = tile},
      {.name = "DepthToSpace",
       .attributes = {{.name = "blocksize", .kind = AttributeKind::integer, .required = true},
                      {.name = "mode", .kind = AttributeKind::text, .otherwise = std::string("DCR")}},
       .shape = blocks_shape,
       .evaluate = blocks},
      {.name = "SpaceToDepth",
       .attributes = {{.name = "blocksize", .kind = AttributeKind::integer, .required = true}},
       .shape = blocks_shape,
       .evaluate = blocks},
  };
}

}  // namespace isocenter::graph
