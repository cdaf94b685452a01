# Fuzz targets: every src/<room>/fuzz/<name>.cpp defines LLVMFuzzerTestOneInput.
#
# ISOCENTER_FUZZ (clang alone) builds <room>_fuzz_<name> with libFuzzer:   build/fuzz/bin/fuzz/graph_fuzz_onnx src/graph/fuzz/corpus/onnx
# Without it the same file is linked with a plain main that replays the corpus folder src/<room>/fuzz/corpus/<name> and a fixed number of damaged
# copies of each file; that program is a test, so every compiler and the sanitizer presets replay what fuzzing found.
option(ISOCENTER_FUZZ "Build fuzz targets with libFuzzer (clang only)" OFF)
if(ISOCENTER_FUZZ AND NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "ISOCENTER_FUZZ needs clang: -DCMAKE_CXX_COMPILER=clang++")
endif()

# isocenter_fuzz_target(<room> <source> <library>...)
function(isocenter_fuzz_target room source)
  get_filename_component(name ${source} NAME_WE)
  get_filename_component(folder ${source} DIRECTORY)
  set(target ${room}_fuzz_${name})
  if(ISOCENTER_FUZZ)
    add_executable(${target} ${source})
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer)
    target_link_options(${target} PRIVATE -fsanitize=fuzzer)
  else()
    add_executable(${target} ${source} ${CMAKE_SOURCE_DIR}/cmake/fuzz_replay.cpp)
    add_test(NAME ${room}.fuzz.${name} COMMAND ${target} ${folder}/corpus/${name})
    set_tests_properties(${room}.fuzz.${name} PROPERTIES TIMEOUT 300)
  endif()
  target_compile_options(${target} PRIVATE -Wall -Wextra -Werror)
  target_link_libraries(${target} PRIVATE isocenter_${room} ${ARGN})
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin/fuzz)
endfunction()
