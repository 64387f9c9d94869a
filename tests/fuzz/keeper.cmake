shoji_fuzz_target(keeper-text SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_keeper_text.c LIBS shoji-keeper RUNS 100000)
