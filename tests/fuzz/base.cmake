shoji_fuzz_target(message SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_message.c RUNS 1000000)
shoji_fuzz_target(config SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_config.c RUNS 30000)
