# leaklab_module(NAME SOURCES a.c b.c [LINKS other ...])
#
# One folder is one static library. Its headers are included as "name/header.h", and only targets that link the
# module can see them: each module gets an include root of its own in the build tree with a single link in it. An
# include against the direction of the arrows therefore does not compile.
function(leaklab_module name)
  cmake_parse_arguments(PARSE_ARGV 1 module "" "" "SOURCES;LINKS")
  set(root ${PROJECT_BINARY_DIR}/include/${name})
  file(MAKE_DIRECTORY ${root})
  file(CREATE_LINK ${CMAKE_CURRENT_SOURCE_DIR} ${root}/${name} SYMBOLIC)
  add_library(${name} STATIC ${module_SOURCES})
  target_include_directories(${name} PUBLIC ${root})
  target_link_libraries(${name} PUBLIC ${module_LINKS})
endfunction()
