#include "learning/sources.h"

#include <map>

#include "core/error.h"

namespace isocenter::learning {
namespace {

std::map<std::string, SourceFactory>& registry() {
  static std::map<std::string, SourceFactory> factories;  // a function's own static: made before the first registration, whatever the order
  return factories;
}

}  // namespace

void register_source(const std::string& name, SourceFactory factory) { registry()[name] = std::move(factory); }

std::vector<std::string> source_names() {
  std::vector<std::string> names;
  for (const auto& [name, factory] : registry()) names.push_back(name);
  return names;
}

std::unique_ptr<SampleSource> make_source(const std::string& name, const SourceRequest& request) {
  const auto found = registry().find(name);
  if (found == registry().end())
    throw core::InputError("{}: source \"{}\" is not known; there are: {}", request.settings.where(), name,
                           fmt::join(source_names(), ", "));
  auto source = found->second(request);
  request.settings.refuse_unused();
  return source;
}

}  // namespace isocenter::learning
