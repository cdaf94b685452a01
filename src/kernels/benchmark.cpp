#include "kernels/benchmark.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/random.h"
#include "kernels/peak.h"
#include "kernels/workspace.h"

namespace isocenter::kernels {

namespace {

ConvolutionShape cube(std::int64_t size, std::int64_t in, std::int64_t out, std::int64_t stride = 1) {
  ConvolutionShape s;
  s.input = {size, size, size};
  s.in_channels = in;
  s.out_channels = out;
  s.kernel = {3, 3, 3};
  s.stride = {stride, stride, stride};
  s.padding_low = s.padding_high = {1, 1, 1};
  return s;
}

std::vector<float> random_values(std::size_t count, std::uint64_t seed) {
  std::vector<float> values(count);
  core::Random random(seed, 0, "kernel benchmark");
  random.fill_normal(values.data(), count);
  return values;
}

double median_seconds(const std::function<void()>& call, int runs) {
  std::vector<double> seconds;
  call();
  for (int i = 0; i < runs; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    call();
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  std::nth_element(seconds.begin(), seconds.begin() + runs / 2, seconds.end());
  return seconds[static_cast<std::size_t>(runs / 2)];
}

// The arrays of one case and the time of each pass.
class Measured {
 public:
  explicit Measured(const ConvolutionShape& shape)
      : shape_(shape),
        x_(random_values(static_cast<std::size_t>(shape.batch * voxels(shape.input) * shape.in_channels), 1)),
        dy_(random_values(static_cast<std::size_t>(shape.batch * voxels(shape.output()) * shape.out_channels), 2)),
        weights_(random_values(shape.weights(), 3)),
        bias_(random_values(static_cast<std::size_t>(shape.out_channels), 4)),
        y_(dy_),
        dx_(x_) {}

  double seconds(const Convolution& convolution, Pass pass, int runs) {
    void* memory = workspace_.reserve(convolution.workspace_bytes());
    return median_seconds(
        [&] {
          if (pass == Pass::forward) convolution.forward(x_.data(), weights_.data(), bias_.data(), y_.data(), memory);
          if (pass == Pass::gradient_input) convolution.gradient_input(dy_.data(), weights_.data(), dx_.data(), memory);
          if (pass == Pass::gradient_weights) convolution.gradient_weights(x_.data(), dy_.data(), weights_.data(), bias_.data(), memory);
        },
        runs);
  }

 private:
  ConvolutionShape shape_;
  std::vector<float> x_, dy_, weights_, bias_, y_, dx_;
  Workspace workspace_;
};

const char* name_of(Pass pass) {
  return pass == Pass::forward ? "forward" : pass == Pass::gradient_input ? "gradient-of-input" : "gradient-of-weights";
}

}  // namespace

std::vector<BenchmarkCase> benchmark_cases() {
  std::vector<BenchmarkCase> cases;
  for (auto [in, out, size] :
       {std::array<std::int64_t, 3>{32, 32, 96}, {64, 32, 96}, {64, 64, 48}, {128, 64, 48}, {128, 128, 24}, {256, 256, 12}, {320, 320, 6}})
    cases.push_back({fmt::format("{}-{}-at-{}", in, out, size), cube(size, in, out)});
  cases.push_back({"32-64-stride-2-at-96", cube(96, 32, 64, 2)});
  cases.push_back({"1-32-at-96", cube(96, 1, 32)});
  return cases;
}

std::vector<BenchmarkRow> benchmark_kernels(const BenchmarkOptions& options, const std::function<void(const BenchmarkRow&)>& report) {
  const double peak = fma_peak_gflops();
  std::vector<BenchmarkRow> rows;
  for (const BenchmarkCase& c : benchmark_cases()) {
    if (c.name.find(options.only) == std::string::npos) continue;
    Measured measured(c.shape);
    for (Pass pass : {Pass::forward, Pass::gradient_input, Pass::gradient_weights}) {
      std::vector<std::string> names = {""};
      if (options.every_kernel) {
        names.clear();
        for (const KernelChoice& choice : kernel_choices(c.shape, pass, {.kernel = "", .accuracy = 1}))
          if (choice.fits && choice.name != "reference") names.push_back(choice.name);
      }
      for (const std::string& name : names) {
        const Convolution convolution(c.shape, {.kernel = name, .accuracy = name.empty() ? options.accuracy : 1});
        BenchmarkRow row;
        row.case_name = c.name + " " + name_of(pass);
        row.kernel = convolution.kernel_name(pass);
        row.seconds = measured.seconds(convolution, pass, options.runs);
        row.gflop = c.shape.flop() * 1e-9;
        row.gflops = row.gflop / row.seconds;
        row.limit_gflops = peak;
        row.share_of_limit = row.gflops / peak;
        if (report) report(row);
        rows.push_back(row);
      }
    }
  }
  return rows;
}

std::string benchmark_chart(const std::function<void(std::string_view, double)>& progress) {
  const std::vector<std::string> kernels = {"direct", "winograd-2-2-2", "winograd-2-2-4", "winograd-2-4-4", "winograd-4-4-4"};
  const std::vector<const char*> colours = {"#777777", "#1b6ca8", "#2a9d8f", "#e9a23b", "#c8553d"};
  const std::vector<std::int64_t> channels = {8, 16, 32, 64, 128}, sizes = {8, 16, 32, 64};
  const double peak = fma_peak_gflops();
  std::vector<std::vector<std::vector<double>>> rates(
      sizes.size(), std::vector<std::vector<double>>(kernels.size(), std::vector<double>(channels.size())));
  double most = peak;
  for (std::size_t s = 0; s < sizes.size(); ++s)
    for (std::size_t c = 0; c < channels.size(); ++c) {
      const ConvolutionShape shape = cube(sizes[s], channels[c], channels[c]);
      if (shape.flop() > 3e10) continue;
      Measured measured(shape);
      for (std::size_t k = 0; k < kernels.size(); ++k) {
        if (progress)
          progress(fmt::format("{} at {} channels, {} cubed", kernels[k], channels[c], sizes[s]),
                   static_cast<double>((s * channels.size() + c) * kernels.size() + k) /
                       static_cast<double>(sizes.size() * channels.size() * kernels.size()));
        rates[s][k][c] =
            shape.flop() * 1e-9 / measured.seconds(Convolution(shape, {.kernel = kernels[k], .accuracy = 1}), Pass::forward, 3);
        most = std::max(most, rates[s][k][c]);
      }
    }
  // One panel a grid size, channels along the bottom (doubling), rate upwards.
  const double width = 260, height = 240, margin = 46, panel = width + margin;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" font-family=\"sans-serif\" font-size=\"11\">\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
      "<text x=\"{}\" y=\"16\" font-size=\"13\">3x3x3 convolution, forward, GFLOP/s of the direct sum; {} ({}); dashed: FMA peak "
      "{:.0f}</text>\n",
      panel * static_cast<double>(sizes.size()) + 20, height + 110, margin, processor_name(), vector_target(), peak);
  for (std::size_t s = 0; s < sizes.size(); ++s) {
    const double left = margin + panel * static_cast<double>(s), top = 40, bottom = top + height;
    auto x_of = [&](std::size_t c) { return left + width * static_cast<double>(c) / static_cast<double>(channels.size() - 1); };
    auto y_of = [&](double rate) { return bottom - height * rate / (most * 1.05); };
    svg += fmt::format(
        "<text x=\"{:.0f}\" y=\"{:.0f}\">{}&#179; voxels</text>\n<path d=\"M{:.0f} {:.0f}V{:.0f}H{:.0f}\" fill=\"none\" "
        "stroke=\"black\"/>\n",
        left + 8, top + 4, sizes[s], left, top, bottom, left + width);
    svg += fmt::format("<path d=\"M{:.0f} {:.1f}H{:.0f}\" stroke=\"black\" stroke-dasharray=\"4 3\"/>\n", left, y_of(peak), left + width);
    for (int tick = 0; tick <= 4; ++tick)
      svg += fmt::format("<text x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\">{:.0f}</text>\n", left - 4, y_of(most * tick / 4) + 4,
                         most * tick / 4);
    for (std::size_t c = 0; c < channels.size(); ++c)
      svg += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" text-anchor=\"middle\">{}</text>\n", x_of(c), bottom + 15, channels[c]);
    for (std::size_t k = 0; k < kernels.size(); ++k) {
      std::string points;
      for (std::size_t c = 0; c < channels.size(); ++c)
        if (rates[s][k][c] > 0) points += fmt::format("{:.1f},{:.1f} ", x_of(c), y_of(rates[s][k][c]));
      svg += fmt::format("<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", points, colours[k]);
    }
  }
  for (std::size_t k = 0; k < kernels.size(); ++k)
    svg += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\" fill=\"{}\">{}</text>\n", margin + 140 * static_cast<double>(k), height + 80,
                       colours[k], kernels[k]);
  svg += fmt::format("<text x=\"{:.0f}\" y=\"{:.0f}\">channels in and out</text>\n</svg>\n", margin, height + 98);
  return svg;
}

}  // namespace isocenter::kernels
