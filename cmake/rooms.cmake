# Warnings are errors. Two are off: -Wmissing-field-initializers, since leaving out a field of a designated initializer is how defaults are taken here, and
# -Wrestrict, which GCC 12 raises wrongly on std::string (GCC bug 105651).
set(ISOCENTER_WARNINGS -Wall -Wextra -Werror -Wno-missing-field-initializers -Wno-restrict)

# isocenter_room(<name> [FOLDER path] [USES room...] [LIBRARIES library...] [PRIVATE_LIBRARIES library...] [TEST_LIBRARIES library...])
#
# A room is one static library of every *.cpp under src/<FOLDER> that is not *_test.cpp, and one test program <name>_test of those that are.
# USES names the rooms it may include; whatever is not named does not link. tests/include_order_test.cpp checks the #include lines themselves.
# Files in its folder fuzz/ are fuzz targets (cmake/fuzz.cmake).
# SOURCES (methods only) names the files instead of the folder.
function(isocenter_room name)
  cmake_parse_arguments(ROOM "" "FOLDER" "USES;LIBRARIES;PRIVATE_LIBRARIES;TEST_LIBRARIES;SOURCES" ${ARGN})
  if(NOT ROOM_FOLDER)
    set(ROOM_FOLDER ${name})
  endif()
  set(sources ${ROOM_SOURCES})
  if(NOT sources)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${ROOM_FOLDER}/*.cpp)
  endif()
  set(fuzz_targets ${sources})
  list(FILTER fuzz_targets INCLUDE REGEX "/fuzz/[a-z0-9_]+\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "/fuzz/")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  set(linked ${ROOM_USES})
  list(TRANSFORM linked PREPEND isocenter_)

  if(NOT sources)
    add_library(isocenter_${name} INTERFACE)
    target_include_directories(isocenter_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(isocenter_${name} INTERFACE ${linked} ${ROOM_LIBRARIES})
  else()
    add_library(isocenter_${name} STATIC ${sources})
    target_include_directories(isocenter_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_compile_options(isocenter_${name} PRIVATE ${ISOCENTER_WARNINGS})
    target_link_libraries(isocenter_${name} PUBLIC ${linked} ${ROOM_LIBRARIES} PRIVATE ${ROOM_PRIVATE_LIBRARIES} OpenMP::OpenMP_CXX)
  endif()

  if(ISOCENTER_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_compile_options(${name}_test PRIVATE ${ISOCENTER_WARNINGS})
    target_link_libraries(${name}_test PRIVATE isocenter_${name} ${ROOM_PRIVATE_LIBRARIES} ${ROOM_TEST_LIBRARIES}
      GTest::gmock GTest::gtest_main OpenMP::OpenMP_CXX)
    set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    gtest_discover_tests(${name}_test TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
      PROPERTIES TIMEOUT 600)
  endif()
  if(ISOCENTER_TESTS OR ISOCENTER_FUZZ)
    foreach(target ${fuzz_targets})
      isocenter_fuzz_target(${name} ${target})
    endforeach()
  endif()
endfunction()

# isocenter_method(<family>/<short-name> deployable|learning): one line a method, in src/methods/CMakeLists.txt. Its experiment*.cpp and
# training*.cpp always belong to the target `methods_learning`; the rest goes to `methods` (linked into the deployable program) when the word is
# `deployable`, and to `methods_learning` otherwise.
function(isocenter_method path kind)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/methods/${path}/*.cpp)
  set(experiments ${files})
  list(FILTER experiments INCLUDE REGEX "/(experiment|training)[a-z_]*\\.cpp$")
  list(FILTER files EXCLUDE REGEX "/(experiment|training)[a-z_]*\\.cpp$")
  if(kind STREQUAL "deployable")
    set_property(GLOBAL APPEND PROPERTY ISOCENTER_METHODS ${files})
  elseif(kind STREQUAL "learning")
    set_property(GLOBAL APPEND PROPERTY ISOCENTER_METHODS_LEARNING ${files})
  else()
    message(FATAL_ERROR "isocenter_method(${path} ${kind}): the word is deployable or learning")
  endif()
  set_property(GLOBAL APPEND PROPERTY ISOCENTER_METHODS_LEARNING ${experiments})
endfunction()
