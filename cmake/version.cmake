# LEAKLAB_VERSION: what leaklab calls itself. The tag v1.2.3 of the checkout, with "+4.g0123abc" behind it when there were four
# commits since; without such a tag, or a checkout, the project's own version. A package or an image may say another.
set(LEAKLAB_VERSION "" CACHE STRING "Version to show, where it is not that of the checkout's tag")
if(NOT LEAKLAB_VERSION)
  execute_process(COMMAND git describe --tags --match "v[0-9]*" WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
                  OUTPUT_VARIABLE described OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  string(REGEX MATCH "^v([0-9]+\\.[0-9]+\\.[0-9]+)(-([0-9]+)-(g[0-9a-f]+))?$" matched "${described}")
  if(NOT matched)
    set(LEAKLAB_VERSION ${PROJECT_VERSION})
  elseif(CMAKE_MATCH_3)
    set(LEAKLAB_VERSION "${CMAKE_MATCH_1}+${CMAKE_MATCH_3}.${CMAKE_MATCH_4}")
  else()
    set(LEAKLAB_VERSION ${CMAKE_MATCH_1})
  endif()
endif()
