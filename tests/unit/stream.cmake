# viewer/stream and broker/encode
foreach(part screen decoder order glyphs history)
  shoji_unit_test(stream-${part} GIVES_WAY SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_stream_${part}.c LIBS shoji-stream)
endforeach()
foreach(part again answer blink cache check effort flow frame glyph_bounds mark photo photo_detect photo_policy values)
  shoji_unit_test(encode-${part} GIVES_WAY SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_encode_${part}.c LIBS shoji-encode shoji-stream)
endforeach()
foreach(part viewers writer) # these have a clock
  shoji_unit_test(encode-${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_encode_${part}.c LIBS shoji-encode shoji-stream)
endforeach()
# Copies in a wrong order cost bytes, and no pixel is wrong.
shoji_unit_test(encode-frame-wrong-order GIVES_WAY SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_encode_frame.c
  ${CMAKE_SOURCE_DIR}/tests/mutant/scroll_verify.c LIBS shoji-encode shoji-stream)
target_compile_definitions(test-encode-frame-wrong-order PRIVATE WRONG_ORDER)

# The same run with a decoder that skips areas must be noticed by it.
add_library(shoji-stream-mutant STATIC ${CMAKE_SOURCE_DIR}/tests/mutant/commands.c ${SHOJI_STREAM_FILES})
target_link_libraries(shoji-stream-mutant PUBLIC ${ZSTD_STATIC})
shoji_unit_test(encode-writer-mutant SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_encode_writer.c LIBS shoji-stream-mutant shoji-encode)
target_compile_definitions(test-encode-writer-mutant PRIVATE MUTANT)

add_executable(make-stream-golden ${CMAKE_SOURCE_DIR}/tests/golden/stream/make.c)
target_link_libraries(make-stream-golden PRIVATE shoji-encode shoji-stream)
target_include_directories(make-stream-golden PRIVATE ${CMAKE_SOURCE_DIR}/tests)
target_compile_definitions(make-stream-golden PRIVATE SHOJI_TEST_DATA="${CMAKE_SOURCE_DIR}/tests")
# The golden streams are what this source makes: byte for byte with the zstd that made them, in meaning with any.
add_test(NAME unit-stream-golden COMMAND ${CMAKE_CURRENT_LIST_DIR}/stream_golden
  $<TARGET_FILE:make-stream-golden> ${CMAKE_SOURCE_DIR}/tests/golden/stream)
set_tests_properties(unit-stream-golden PROPERTIES TIMEOUT 60 LABELS unit)

# For tests that look at a viewer's canvas: they must notice this one.
add_decoder_wasm(decoder-mutant-wasm ${CMAKE_BINARY_DIR}/tests/decoder-mutant.wasm ${CMAKE_SOURCE_DIR}/tests/mutant/commands.c)
add_dependencies(decoder-mutant-wasm decoder-wasm)

find_program(NODE node REQUIRED)
add_test(NAME unit-stream-wasm COMMAND ${NODE} ${CMAKE_CURRENT_LIST_DIR}/stream_wasm.mjs
  ${CMAKE_BINARY_DIR}/viewer/decoder.wasm ${CMAKE_SOURCE_DIR}/tests/golden/stream)
add_test(NAME unit-stream-wasm-mutant COMMAND ${NODE} ${CMAKE_CURRENT_LIST_DIR}/stream_wasm.mjs
  ${CMAKE_BINARY_DIR}/tests/decoder-mutant.wasm ${CMAKE_SOURCE_DIR}/tests/golden/stream mutant)
set_tests_properties(unit-stream-wasm unit-stream-wasm-mutant PROPERTIES TIMEOUT 60 LABELS unit)

# The real role: a program that is encode_run() and nothing else, started as monitor starts it.
add_executable(encode-role ${CMAKE_CURRENT_LIST_DIR}/encode_role_main.c)
target_link_libraries(encode-role PRIVATE shoji-encode)
foreach(part encode-role encode-role-hostile)
  string(REPLACE "-" "_" source test_${part}.c)
  shoji_unit_test(${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/${source} ${CMAKE_CURRENT_LIST_DIR}/encode_role_rig.c
    LIBS shoji-encode shoji-stream)
  target_compile_definitions(test-${part} PRIVATE ENCODE_ROLE="$<TARGET_FILE:encode-role>")
  add_dependencies(test-${part} encode-role)
endforeach()
shoji_unit_test(encode-wall SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_encode_wall.c LIBS shoji-encode)

shoji_unit_test(encode-video SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_encode_video.c ${CMAKE_CURRENT_LIST_DIR}/encode_video_rig.c LIBS shoji-encode shoji-stream m)
shoji_unit_test(encode-video-parts GIVES_WAY SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_encode_video_parts.c LIBS shoji-encode shoji-stream)
