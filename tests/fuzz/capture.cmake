# The handshake and the RFB reader.
shoji_fuzz_target(capture SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_capture.c LIBS shoji-capture RUNS 300000)
