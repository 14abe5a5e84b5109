# Warnings are errors in every build; a sanitizer or coverage applies to every target or to none.
add_compile_options(
  -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
  -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wformat=2 -Wvla -Werror
  -fno-common -fno-omit-frame-pointer -fstack-protector-strong)
add_compile_definitions(_GNU_SOURCE)

if(LEAKLAB_SANITIZE)
  add_compile_options(-fsanitize=${LEAKLAB_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LEAKLAB_SANITIZE})
endif()
if(LEAKLAB_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
