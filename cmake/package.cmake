# What is installed, and the Debian packages that `cpack` makes of it (run in build/release or build/quickstart).
set(generated ${CMAKE_BINARY_DIR}/installed)
add_custom_command(
  OUTPUT ${generated}/isocenter.1.gz ${generated}/isocenter.bash
  COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}
  COMMAND sh -c "\"$<TARGET_FILE:isocenter>\" --man-page | gzip -9n > ${generated}/isocenter.1.gz"
  COMMAND sh -c "\"$<TARGET_FILE:isocenter>\" --bash-completion > ${generated}/isocenter.bash"
  DEPENDS isocenter
  VERBATIM)
add_custom_target(installed_texts ALL DEPENDS ${generated}/isocenter.1.gz ${generated}/isocenter.bash)

install(TARGETS isocenter RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
install(FILES ${generated}/isocenter.1.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT program)
install(FILES ${generated}/isocenter.bash DESTINATION share/bash-completion/completions RENAME isocenter COMPONENT program)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/models/ DESTINATION share/isocenter/models COMPONENT program)
install(FILES LICENSE README.md DESTINATION share/doc/isocenter COMPONENT program)
if(TARGET isocenter_learn)
  install(TARGETS isocenter_learn RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT learn)
endif()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME isocenter)
set(CPACK_PACKAGE_VENDOR Isocenter)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_CONTACT "The Isocenter maintainers <maintainers@isocenter.invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME isocenter)
set(CPACK_DEBIAN_LEARN_PACKAGE_NAME isocenter-learn)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_DEPENDS "fonts-liberation, fonts-dejavu-core")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_COMPONENTS_ALL program)
if(TARGET isocenter_learn)
  list(APPEND CPACK_COMPONENTS_ALL learn)
endif()
include(CPack)
