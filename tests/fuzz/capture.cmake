# The handshake and the RFB reader. Their sources are compiled into the target: a library's are not instrumented, and
# without coverage the fuzzer is blind.
set(CAPTURE_FUZZED)
foreach(name handshake reader damage pixels)
  list(APPEND CAPTURE_FUZZED ${CMAKE_SOURCE_DIR}/broker/capture/${name}.c)
endforeach()
shoji_fuzz_target(capture SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_capture.c ${CAPTURE_FUZZED} RUNS 200000)
# The input agent's words.
shoji_fuzz_target(text_door SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_text_door.c ${CMAKE_SOURCE_DIR}/broker/capture/text.c
  ${CMAKE_SOURCE_DIR}/broker/capture/ascii_keys.c RUNS 20000)
