# What several tests stand on, compiled once. leaklab_fixture(NAME LINKS modules... [SOURCES more.c...]): NAME.c.
function(leaklab_fixture name)
  cmake_parse_arguments(PARSE_ARGV 1 fixture "" "" "LINKS;SOURCES")
  add_library(${name} STATIC ${name}.c ${fixture_SOURCES})
  target_link_libraries(${name} PUBLIC ${fixture_LINKS} testlib)
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
endfunction()

leaklab_fixture(language_fixture LINKS language)
leaklab_fixture(lab_fixture LINKS fake_source lab)
leaklab_fixture(http_fixture LINKS http)
leaklab_fixture(drill_fixture LINKS drill)
# Every .yaml file of tests/kernels becomes part of the tests that run them.
file(GLOB kernels CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/kernels/*.yaml)
leaklab_embed(embedded_kernels ${kernels})
leaklab_fixture(kernel_fixture LINKS stage judge SOURCES ${embedded_kernels})
