# What is under test is compiled into the target, so that libFuzzer sees its branches: a library's are not instrumented.
shoji_fuzz_target(message SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_message.c ${CMAKE_SOURCE_DIR}/broker/base/message.c
  ${CMAKE_SOURCE_DIR}/broker/base/bytes.c RUNS 1000000)
shoji_fuzz_target(config SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_config.c RUNS 30000)
