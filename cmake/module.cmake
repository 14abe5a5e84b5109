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

# leaklab_embed(SYMBOL FILES... ): a generated source file, in the variable SYMBOL, with the files as a table of C arrays.
function(leaklab_embed symbol)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
  set(script ${PROJECT_SOURCE_DIR}/cmake/embed.cmake)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} -DSYMBOL=${symbol} "-DFILES=${ARGN}" -P ${script}
    DEPENDS ${ARGN} ${script}
    COMMENT "Embedding ${symbol}" VERBATIM)
  set(${symbol} ${output} PARENT_SCOPE)
endfunction()
