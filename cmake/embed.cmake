# cmake -DOUTPUT=x.c -DSYMBOL=embedded_x "-DFILES=a;b" -P embed.cmake
#
# Writes files as a C table: const struct embedded_file SYMBOL[] and const size_t SYMBOL_count of base/embed.h.
set(arrays "")
set(table "")
foreach(path IN LISTS FILES)
  get_filename_component(file ${path} NAME)
  string(MAKE_C_IDENTIFIER ${file} identifier)
  file(READ ${path} hex HEX)
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" lines "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${lines}")
  string(APPEND arrays "static const unsigned char ${identifier}[] = {\n${bytes}0};\n\n")
  string(APPEND table "    {\"${file}\", (const char *)${identifier}, ${size}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"base/embed.h\"

${arrays}EMBEDDED_FILES(${SYMBOL});

const struct embedded_file ${SYMBOL}[] = {
${table}};
const size_t ${SYMBOL}_count = sizeof ${SYMBOL} / sizeof ${SYMBOL}[0];
")
