#include "kernels/convolution.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/channel_sums.h"
#include "kernels/convolution_kernel.h"
#include "kernels/convolution_measure.h"

namespace isocenter::kernels {

namespace {

ConvolutionShape with_strides(ConvolutionShape s) {
  if (!s.x_stride) s.x_stride = s.in_channels;
  if (!s.y_stride) s.y_stride = s.out_channels;
  if (!s.dx_stride) s.dx_stride = s.x_stride;
  if (!s.dy_stride) s.dy_stride = s.y_stride;
  return s;
}

// The entries of a list in the order in which they would be taken: by name where one is asked for, else by expected time.
template <class Entry, class Problem>
std::vector<std::pair<KernelChoice, const Entry*>> ranked(const std::vector<Entry>& list, const Problem& problem,
                                                          const ConvolutionOptions& options, int threads) {
  std::vector<std::pair<KernelChoice, const Entry*>> choices;
  for (const Entry& entry : list) {
    KernelChoice choice{.name = entry.name, .reason = "", .fits = false, .expected_seconds = 0};
    auto made = entry.make(problem, threads);
    if (!made.kernel) {
      choice.reason = made.reason;
    } else if (entry.error > options.accuracy && entry.name != options.kernel) {
      choice.reason = fmt::format("its relative rms error of {:.0e} is above the bound of {:.0e}", entry.error, options.accuracy);
    } else {
      choice.fits = true;
      choice.expected_seconds = entry.expected_seconds(problem, threads);
    }
    choices.emplace_back(choice, &entry);
  }
  std::stable_sort(choices.begin(), choices.end(), [&](const auto& a, const auto& b) {
    auto key = [&](const KernelChoice& c) {
      return !c.fits ? std::numeric_limits<double>::infinity() : c.name == options.kernel ? -1.0 : c.expected_seconds;
    };
    return key(a.first) < key(b.first);
  });
  for (std::size_t i = 0; i < choices.size(); ++i)
    if (choices[i].first.fits)
      choices[i].first.reason = i == 0 ? "chosen" : fmt::format("slower: {:.3g} ms expected", choices[i].first.expected_seconds * 1e3);
  return choices;
}

// The name to take: the best expected, or the fastest of the best few where measuring is asked for and no name is given.
template <class Choices, class Fastest>
std::string chosen(const Choices& ranking, const ConvolutionOptions& options, const Fastest& fastest) {
  const std::string& first = ranking.front().first.name;
  if (!options.measure || first == options.kernel) return first;
  std::vector<std::string> names;
  for (const auto& [choice, entry] : ranking)
    if (choice.fits && choice.name != "reference" && names.size() < 4 &&
        choice.expected_seconds < 3 * ranking.front().first.expected_seconds)
      names.push_back(choice.name);
  return names.size() < 2 ? first : fastest(names);
}

template <class Choices>
std::vector<KernelChoice> choices_of(const Choices& ranking) {
  std::vector<KernelChoice> result;
  for (const auto& [choice, entry] : ranking) result.push_back(choice);
  return result;
}

}  // namespace

struct Convolution::Implementation {
  ConvolutionShape shape;  // strides filled in
  int threads = 1;
  std::array<std::string, 3> names;
  std::unique_ptr<GatherKernel> forward, gradient_input;
  std::unique_ptr<WeightGradientKernel> gradient_weights;

  std::size_t bias_workspace() const { return channel_sums_workspace_bytes(shape.out_channels, threads); }
  std::size_t workspace(Pass pass) const {
    switch (pass) {
      case Pass::forward:
        return forward->packed_bytes() + forward->workspace_bytes();
      case Pass::gradient_input:
        return gradient_input->packed_bytes() + gradient_input->workspace_bytes();
      case Pass::gradient_weights:
        return std::max(gradient_weights->workspace_bytes(), bias_workspace());
    }
    return 0;
  }
  static void pack_and_run(const GatherKernel& kernel, const float* source, const float* weights, const float* bias, float* destination,
                           void* workspace) {
    kernel.pack(weights, workspace);
    kernel.run(source, workspace, bias, destination, static_cast<std::byte*>(workspace) + kernel.packed_bytes());
  }
};

Convolution::Convolution(const ConvolutionShape& shape, const ConvolutionOptions& options)
    : implementation_(std::make_unique<Implementation>()) {
  if (auto reason = refusal(shape)) throw core::InputError("convolution {}: {}", shape.text(), *reason);
  Implementation& self = *implementation_;
  self.shape = with_strides(shape);
  self.threads = core::thread_count();
  auto make_gather = [&](GatherProblem problem, std::string& name) {
    problem.packed_once = options.packed_once;
    name = chosen(ranked(gather_list(), problem, options, self.threads), options,
                  [&](const std::vector<std::string>& names) { return fastest_gather(names, problem, self.threads); });
    return entry_of(gather_list(), name).make(problem, self.threads).kernel;
  };
  self.forward = make_gather(forward_problem(self.shape), self.names[0]);
  self.gradient_input = make_gather(gradient_input_problem(self.shape), self.names[1]);
  self.names[2] = chosen(ranked(weight_gradient_list(), self.shape, options, self.threads), options,
                         [&](const std::vector<std::string>& names) { return fastest_weight_gradient(names, self.shape, self.threads); });
  self.gradient_weights = entry_of(weight_gradient_list(), self.names[2]).make(self.shape, self.threads).kernel;
}

Convolution::~Convolution() = default;
Convolution::Convolution(Convolution&&) noexcept = default;
Convolution& Convolution::operator=(Convolution&&) noexcept = default;

const ConvolutionShape& Convolution::shape() const { return implementation_->shape; }
std::size_t Convolution::workspace_bytes(Pass pass) const { return implementation_->workspace(pass); }
std::size_t Convolution::workspace_bytes() const {
  return std::max({workspace_bytes(Pass::forward), workspace_bytes(Pass::gradient_input), workspace_bytes(Pass::gradient_weights)});
}
std::string Convolution::kernel_name(Pass pass) const { return implementation_->names[static_cast<int>(pass)]; }

void Convolution::forward(const float* x, const float* weights, const float* bias, float* y, void* workspace) const {
  Implementation::pack_and_run(*implementation_->forward, x, weights, bias, y, workspace);
}

void Convolution::gradient_input(const float* dy, const float* weights, float* dx, void* workspace) const {
  gradient_input(dy, weights, nullptr, dx, workspace);
}

void Convolution::gradient_input(const float* dy, const float* weights, const float* bias, float* dx, void* workspace) const {
  Implementation::pack_and_run(*implementation_->gradient_input, dy, weights, bias, dx, workspace);
}

void Convolution::gradient_weights(const float* x, const float* dy, float* dweights, float* dbias, void* workspace) const {
  const Implementation& self = *implementation_;
  self.gradient_weights->run(x, dy, dweights, workspace);
  if (dbias)
    channel_sums(dy, self.shape.batch * voxels(self.shape.output()), self.shape.out_channels, self.shape.dy_stride, dbias, self.threads,
                 workspace);
}

std::size_t Convolution::packed_bytes() const { return implementation_->forward->packed_bytes(); }
void Convolution::pack(const float* weights, void* packed) const { implementation_->forward->pack(weights, packed); }
void Convolution::forward_packed(const float* x, const void* packed, const float* bias, float* y, void* workspace) const {
  implementation_->forward->run(x, packed, bias, y, workspace);
}

std::vector<KernelChoice> kernel_choices(const ConvolutionShape& shape, Pass pass, const ConvolutionOptions& options) {
  if (auto reason = refusal(shape)) throw core::InputError("convolution {}: {}", shape.text(), *reason);
  const ConvolutionShape filled = with_strides(shape);
  const int threads = core::thread_count();
  if (pass == Pass::gradient_weights) return choices_of(ranked(weight_gradient_list(), filled, options, threads));
  GatherProblem problem = pass == Pass::forward ? forward_problem(filled) : gradient_input_problem(filled);
  problem.packed_once = options.packed_once;
  return choices_of(ranked(gather_list(), problem, options, threads));
}

}  // namespace isocenter::kernels
