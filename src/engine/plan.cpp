#include "engine/plan.h"

#include <dnnl.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/error.h"
#include "engine/arena.h"
#include "engine/kernel.h"
#include "engine/passes.h"
#include "graph/operators.h"

namespace isocenter::engine {

bool supported(Precision precision) {
  if (precision != Precision::bf16) return true;
  const auto isa = dnnl::get_effective_cpu_isa();
  return isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
}

namespace {

struct NamedPass {
  const char* name;
  void (*run)(Program& program, const PlanOptions& options);
};

// In order; the program is verified after each.
constexpr NamedPass kPasses[] = {
    {"fold_constants", [](Program& program, const PlanOptions&) { fold_constants(program); }},
    {"remove_identities", [](Program& program, const PlanOptions&) { remove_identities(program); }},
    {"fold_batch_normalization", [](Program& program, const PlanOptions&) { fold_batch_normalization(program); }},
    {"fuse_activation", [](Program& program, const PlanOptions&) { fuse_activation(program); }},
    {"drop_bias_before_instance_norm", [](Program& program, const PlanOptions&) { drop_bias_before_instance_norm(program); }},
    {"assign_layouts", [](Program& program, const PlanOptions& options) { assign_layouts(program, options.output_layout); }},
    {"place_concatenations",
     [](Program& program, const PlanOptions& options) {
       const bool own = options.kernels == Kernels::automatic || options.kernels == Kernels::own;
       if (own && options.precision != Precision::bf16) place_concatenations(program);
     }},
    {"make_outputs_distinct", [](Program& program, const PlanOptions&) { make_outputs_distinct(program); }},
};

Program compile(const graph::Graph& graph, const std::map<std::string, graph::Shape>& input_shapes, const PlanOptions& options) {
  if (!supported(options.precision)) throw core::InputError("this processor lacks bf16 arithmetic; choose precision f32 or automatic");
  if (options.precision == Precision::bf16)
    throw core::InputError("bf16 is not offered for network '{}'; choose precision f32", graph.name);
  Program program = import_graph(graph, input_shapes);
  verify(program, "import_graph");
  for (const NamedPass& pass : kPasses) {
    pass.run(program, options);
    verify(program, pass.name);
  }
  return program;
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

struct Plan::Implementation {
  Program program;
  std::vector<std::unique_ptr<Kernel>> kernels;  // null where the result is a view
  MemoryPlan memory;
  Arena arena;
  std::vector<std::uint8_t*> addresses;
  std::map<std::string, graph::Value> inputs, outputs;
  // Integers cross the border as floats: their arrays of the run.
  std::map<int, std::vector<std::int64_t>> integers;
  std::size_t packed_bytes = 0;
  bool timing = false;
  std::vector<NodeReport> reports;

  Implementation(const graph::Graph& graph, const std::map<std::string, graph::Shape>& input_shapes, const PlanOptions& options)
      : program(compile(graph, input_shapes, options)) {
    for (std::size_t k = 0; k < program.inputs.size(); ++k) describe(inputs, graph.inputs[k].name, program.inputs[k]);
    for (std::size_t k = 0; k < program.outputs.size(); ++k) describe(outputs, graph.outputs[k].name, program.outputs[k]);
    choose_kernels(options);
    arena = Arena(memory.arena_bytes, "the network");
    set_addresses();
  }

  void describe(std::map<std::string, graph::Value>& values, const std::string& name, int tensor) {
    values[name] = {name, program.tensor(tensor).graph_type, program.tensor(tensor).shape};
    names[tensor] = name;
  }
  std::map<int, std::string> names;

  void choose_kernels(const PlanOptions& options) {
    std::vector<std::size_t> workspaces;
    for (const Operation& operation : program.operations) {
      kernels.push_back(choose_kernel(program, operation, options));
      workspaces.push_back(kernels.back()->workspace_bytes());
      packed_bytes += kernels.back()->packed_bytes();
      reports.push_back(
          {operation.node.name, operation.op(), kernels.back()->name(), kernels.back()->precision(), flop_of(program, operation), 0});
    }
    memory = plan_memory(program, workspaces);
    for (std::size_t i = 0; i < kernels.size(); ++i)
      if (memory.is_view[i]) {
        kernels[i].reset();
        reports[i].kernel = "view";
      }
  }

  void set_addresses() {
    addresses.assign(program.tensors.size(), nullptr);
    for (std::size_t t = 0; t < addresses.size(); ++t) {
      const Tensor& tensor = program.tensors[t];
      if (tensor.is_constant()) addresses[t] = const_cast<std::uint8_t*>(tensor.constant.get());  // kernels only read it
      if (memory.places[t].kind == Place::Kind::arena) addresses[t] = arena.data() + memory.places[t].offset;
    }
    for (int border : program.inputs) reserve_integers(border);
    for (int border : program.outputs) reserve_integers(border);
  }

  void reserve_integers(int tensor) {
    if (program.tensor(tensor).type == graph::DataType::i64)
      integers[tensor].resize(static_cast<std::size_t>(program.tensor(tensor).count()));
  }

  std::uint8_t* bind_input(int tensor, const std::map<std::string, std::span<const float>>& given) {
    const std::string& name = names.at(tensor);
    const auto found = given.find(name);
    if (found == given.end()) throw core::InputError("network '{}': input '{}' is not given", program.name, name);
    const auto count = static_cast<std::size_t>(program.tensor(tensor).count());
    if (found->second.size() != count)
      throw core::InputError("network '{}': input '{}' holds {} values where {} fit", program.name, name, found->second.size(), count);
    if (const auto whole = integers.find(tensor); whole != integers.end()) {
      std::transform(found->second.begin(), found->second.end(), whole->second.begin(), [](float v) { return std::llround(v); });
      return reinterpret_cast<std::uint8_t*>(whole->second.data());
    }
    return reinterpret_cast<std::uint8_t*>(const_cast<float*>(found->second.data()));  // kernels only read it
  }

  std::uint8_t* bind_output(int tensor, const std::map<std::string, std::span<float>>& wanted) {
    const std::string& name = names.at(tensor);
    const auto found = wanted.find(name);
    if (found == wanted.end()) throw core::InputError("network '{}': no place is given for output '{}'", program.name, name);
    const auto count = static_cast<std::size_t>(program.tensor(tensor).count());
    if (found->second.size() != count)
      throw core::InputError("network '{}': the place for output '{}' holds {} values where {} come out", program.name, name,
                             found->second.size(), count);
    if (const auto whole = integers.find(tensor); whole != integers.end()) return reinterpret_cast<std::uint8_t*>(whole->second.data());
    return reinterpret_cast<std::uint8_t*>(found->second.data());
  }

  void run(const std::map<std::string, std::span<const float>>& given, const std::map<std::string, std::span<float>>& wanted) {
    std::vector<std::uint8_t*> input_bytes, output_bytes;
    for (int tensor : program.inputs) input_bytes.push_back(bind_input(tensor, given));
    for (int tensor : program.outputs) output_bytes.push_back(bind_output(tensor, wanted));
    for (std::size_t t = 0; t < addresses.size(); ++t) {
      const Place& place = memory.places[t];
      if (place.kind == Place::Kind::input) addresses[t] = input_bytes[place.offset];
      if (place.kind == Place::Kind::output) addresses[t] = output_bytes[place.offset];
    }
    for (std::size_t t = 0; t < addresses.size(); ++t) {  // slices stand within their wide tensor
      const Tensor& tensor = program.tensors[t];
      if (tensor.wide >= 0)
        addresses[t] = addresses[static_cast<std::size_t>(tensor.wide)] + tensor.first_channel * static_cast<std::int64_t>(sizeof(float));
    }
    for (std::size_t i = 0; i < kernels.size(); ++i) {
      if (!kernels[i]) continue;
      const auto start = std::chrono::steady_clock::now();
      kernels[i]->run({addresses, arena.data() + memory.workspace_offsets[i]});
      if (timing) reports[i].seconds = seconds_since(start);
    }
    for (int tensor : program.outputs)
      if (const auto whole = integers.find(tensor); whole != integers.end())
        std::transform(whole->second.begin(), whole->second.end(), wanted.at(names.at(tensor)).begin(),
                       [](std::int64_t v) { return static_cast<float>(v); });
  }
};

Plan::Plan(const graph::Graph& graph, const std::map<std::string, graph::Shape>& input_shapes, const PlanOptions& options)
    : implementation_(std::make_unique<Implementation>(graph, input_shapes, options)) {}
Plan::~Plan() = default;
Plan::Plan(Plan&&) noexcept = default;
Plan& Plan::operator=(Plan&&) noexcept = default;

const graph::Value& Plan::input(const std::string& name) const {
  const auto found = implementation_->inputs.find(name);
  if (found == implementation_->inputs.end()) throw core::InputError("network '{}' has no input '{}'", implementation_->program.name, name);
  return found->second;
}

const graph::Value& Plan::output(const std::string& name) const {
  const auto found = implementation_->outputs.find(name);
  if (found == implementation_->outputs.end())
    throw core::InputError("network '{}' has no output '{}'", implementation_->program.name, name);
  return found->second;
}

std::size_t Plan::memory_bytes() const { return implementation_->memory.arena_bytes + implementation_->packed_bytes; }

void Plan::run(const std::map<std::string, std::span<const float>>& inputs, const std::map<std::string, std::span<float>>& outputs) {
  implementation_->run(inputs, outputs);
}

void Plan::set_timing(bool on) { implementation_->timing = on; }
std::vector<NodeReport> Plan::report() const { return implementation_->reports; }

}  // namespace isocenter::engine
