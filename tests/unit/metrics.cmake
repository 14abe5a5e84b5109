foreach(thing declare expose format history negotiate readme series)
  leaklab_unit_test(test_metrics_${thing} LINKS metrics)
endforeach()

# Sets RESULT to the first fenced block of a language in a Markdown text.
function(fenced_block markdown language result)
  string(FIND "${markdown}" "```${language}\n" begin)
  string(SUBSTRING "${markdown}" ${begin} -1 code)
  string(REGEX REPLACE "^```[a-z]*\n" "" code "${code}")
  string(FIND "${code}" "```" end)
  string(SUBSTRING "${code}" 0 ${end} code)
  set(${result} "${code}" PARENT_SCOPE)
endfunction()

# The README's example, and what it says that the example prints, become sources of a test.
function(metrics_readme_test)
  set(readme ${PROJECT_SOURCE_DIR}/metrics/README.md)
  set(generated ${CMAKE_CURRENT_BINARY_DIR}/metrics_readme)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${readme})
  file(READ ${readme} markdown)
  fenced_block("${markdown}" c example)
  fenced_block("${markdown}" text output)
  string(REPLACE "\\" "\\\\" output "${output}")
  string(REPLACE "\"" "\\\"" output "${output}")
  string(REPLACE "\n" "\\n\"\n    \"" output "${output}")
  file(CONFIGURE OUTPUT ${generated}/metrics_readme.h @ONLY CONTENT
    "#include <stdio.h>\n\nvoid print_scrape(FILE *out);\nextern const char readme_output[];\n")
  file(CONFIGURE OUTPUT ${generated}/example.c @ONLY CONTENT
    "#include \"metrics_readme.h\"\n\n@example@\nconst char readme_output[] = \"@output@\";\n")
  target_sources(test_metrics_readme PRIVATE ${generated}/example.c)
  target_include_directories(test_metrics_readme PRIVATE ${generated})
endfunction()
metrics_readme_test()
