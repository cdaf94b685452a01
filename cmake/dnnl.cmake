# isocenter_dnnl: oneDNN. Debian's own package configuration asks for OpenCL headers that nothing here uses, so the library is found by name.
find_path(DNNL_HEADERS dnnl.hpp REQUIRED)
find_library(DNNL_LIBRARY dnnl REQUIRED)
add_library(isocenter_dnnl INTERFACE)
target_include_directories(isocenter_dnnl SYSTEM INTERFACE ${DNNL_HEADERS})
target_link_libraries(isocenter_dnnl INTERFACE ${DNNL_LIBRARY})
