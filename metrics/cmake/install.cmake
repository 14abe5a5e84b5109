# cmake --install BUILD: headers, library, and what find_package and pkg-config need. The prefix may be
# moved afterwards; nothing in it names a folder of the build.
include(CMakePackageConfigHelpers)
set(package ${PROJECT_BINARY_DIR}/package)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/leaklab-metrics)
set(pkgconfig_dir ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

file(RELATIVE_PATH prefix_from_pkgconfig /prefix/${pkgconfig_dir} /prefix)
configure_file(${CMAKE_CURRENT_LIST_DIR}/leaklab-metrics.pc.in ${package}/leaklab-metrics.pc @ONLY)
# Before 1.0 a new minor version may change what was there.
write_basic_package_version_file(${package}/leaklab-metrics-config-version.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS metrics EXPORT leaklab-metrics ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES metrics.h negotiate.h history.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/leaklab/metrics)
install(EXPORT leaklab-metrics DESTINATION ${package_dir} NAMESPACE leaklab::
  FILE leaklab-metrics-config.cmake)
install(FILES ${package}/leaklab-metrics-config-version.cmake DESTINATION ${package_dir})
install(FILES ${package}/leaklab-metrics.pc DESTINATION ${pkgconfig_dir})
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/leaklab-metrics)
