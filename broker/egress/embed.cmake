# Turns one file into a C array: cmake -DINPUT=FILE -DOUTPUT=FILE.c -DNAME=index_html -P embed.cmake
# (no xxd: it is not on every machine that builds this)
file(READ ${INPUT} hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR length "${digits} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
file(WRITE ${OUTPUT} "/* Made by embed.cmake. */
#include \"egress/embedded.h\"

const unsigned char egress_embedded_${NAME}[] = {
${bytes}
};
const size_t egress_embedded_${NAME}_length = ${length};
")
