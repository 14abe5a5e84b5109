# cmake -DOUTPUT=x.c "-DFILES=a;b" -P assets.cmake
#
# Writes the files of the page as the table of page/assets.h: as they are, and compressed.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_txt "text/plain; charset=utf-8")
set(type_svg "image/svg+xml")

# Bytes of a file as the elements of a C array. In a gzip file's head stands when it was made: zero, so that the same
# files give the same program (RFC 1952, MTIME).
function(array path compressed result result_size)
  file(READ ${path} hex HEX)
  if(compressed)
    string(SUBSTRING "${hex}" 0 8 head)
    string(SUBSTRING "${hex}" 16 -1 rest)
    set(hex "${head}00000000${rest}")
  endif()
  string(LENGTH "${hex}" digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(................................)" "\\1\n" lines "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${lines}")
  set(${result} "${bytes}" PARENT_SCOPE)
  set(${result_size} ${size} PARENT_SCOPE)
endfunction()

set(arrays "")
set(table "")
foreach(path IN LISTS FILES)
  get_filename_component(file ${path} NAME)
  get_filename_component(ending ${path} LAST_EXT)
  string(SUBSTRING ${ending} 1 -1 ending)
  if(NOT DEFINED type_${ending})
    message(FATAL_ERROR "${path}: no content type is known for .${ending}")
  endif()
  string(MAKE_C_IDENTIFIER ${file} name)
  file(ARCHIVE_CREATE OUTPUT ${OUTPUT}.gz PATHS ${path} FORMAT raw COMPRESSION GZip COMPRESSION_LEVEL 9)
  array(${path} FALSE bytes size)
  array(${OUTPUT}.gz TRUE small small_size)
  file(REMOVE ${OUTPUT}.gz)
  file(SHA256 ${path} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  string(APPEND arrays "static const unsigned char ${name}[] = {\n${bytes}0};\n")
  string(APPEND arrays "static const unsigned char ${name}_gzip[] = {\n${small}};\n\n")
  string(APPEND table "    {\"${file}\", \"${type_${ending}}\", \"${hash}\", (const char *)${name}, ${size}, "
                      "${name}_gzip, ${small_size}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"page/assets.h\"

${arrays}const struct page_asset page_assets[] = {
${table}};
const size_t page_asset_count = sizeof page_assets / sizeof page_assets[0];
")
