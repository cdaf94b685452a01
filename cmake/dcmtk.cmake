# isocenter_dcmtk: DCMTK as one target; its headers are system headers, so that our warnings stay ours.
add_library(isocenter_dcmtk INTERFACE)
target_include_directories(isocenter_dcmtk SYSTEM INTERFACE ${DCMTK_INCLUDE_DIRS})
target_link_libraries(isocenter_dcmtk INTERFACE ${DCMTK_LIBRARIES})
