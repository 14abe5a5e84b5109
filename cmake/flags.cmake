# Warnings are errors in every build; a sanitizer or coverage applies to every target or to none.
add_compile_options(
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
  -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wformat=2 -Wvla -Werror
  -fno-common -fno-omit-frame-pointer -fstack-protector-strong)
if(CMAKE_C_COMPILER_ID STREQUAL "Clang")
  # GCC is the judge of conversions and formats: what clang means by these flags is another set of findings.
  add_compile_options(-Wno-conversion -Wno-sign-conversion -Wno-format-zero-length)
endif()
add_compile_definitions(_GNU_SOURCE)

if(LEAKLAB_SANITIZE)
  add_compile_options(-fsanitize=${LEAKLAB_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LEAKLAB_SANITIZE})
endif()
if(LEAKLAB_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
