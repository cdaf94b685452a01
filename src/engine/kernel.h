// A kernel runs one operation of a Program. Kernels are chosen from an ordered list an operator (operators/table.cpp): the first that fits
// wins; one that does not fit returns its reason instead.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/plan.h"
#include "engine/program.h"

namespace isocenter::engine {

// Where everything lies during a run.
struct Frame {
  std::span<std::uint8_t* const> addresses;  // one a tensor
  std::uint8_t* workspace = nullptr;         // of the kernel's workspace_bytes(), aligned to 64
  float* floats(int tensor) const { return reinterpret_cast<float*>(addresses[static_cast<std::size_t>(tensor)]); }
  std::int64_t* integers(int tensor) const { return reinterpret_cast<std::int64_t*>(addresses[static_cast<std::size_t>(tensor)]); }
};

class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual std::string name() const = 0;                    // "onednn jit:avx2"
  virtual std::string precision() const { return "f32"; }  // of its products
  virtual std::size_t workspace_bytes() const { return 0; }
  virtual std::size_t packed_bytes() const { return 0; }  // weights it keeps in its own layout
  virtual void run(const Frame& frame) = 0;
};

struct Candidate {
  std::unique_ptr<Kernel> kernel;  // or, when it does not fit,
  std::string refusal;             // the reason
};
using KernelMaker = Candidate (*)(const Program& program, const Operation& operation);

inline Candidate refused(std::string reason) { return {nullptr, std::move(reason)}; }

// A kernel that is a name and a function.
class PlainKernel final : public Kernel {
 public:
  PlainKernel(std::string name, std::function<void(const Frame&)> body) : name_(std::move(name)), body_(std::move(body)) {}
  std::string name() const override { return name_; }
  void run(const Frame& frame) override { body_(frame); }

 private:
  std::string name_;
  std::function<void(const Frame&)> body_;
};
inline Candidate plain_kernel(std::string name, std::function<void(const Frame&)> body) {
  return {std::make_unique<PlainKernel>(std::move(name), std::move(body)), {}};
}

// What the engine knows of an operator beyond its kernels.
enum class LayoutRule {
  channels_last,  // runs on channels-last tensors: its first input and its output are made so
  follow,         // runs on either: channels-last when its first input is and the other operands can be turned
  onnx,           // needs ONNX's layout
};
struct OperatorEntry {
  std::string op;
  LayoutRule layout;
  bool in_place;  // its output may take the place of its first input of the same shape
  struct Entry {
    Kernels family;
    KernelMaker make;
  };
  std::vector<Entry> kernels;  // best first
};
// Nothing when the engine does not know the operator.
const OperatorEntry* find_operator(const std::string& op);

// The first kernel that fits: with Precision::bf16 a bf16 one where there is one, then those of the preferred family, then the rest. Throws
// core::InputError naming the node and every refusal.
std::unique_ptr<Kernel> choose_kernel(const Program& program, const Operation& operation, const PlanOptions& options);

}  // namespace isocenter::engine
