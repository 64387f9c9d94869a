foreach(part proxy_request client_hello)
  shoji_fuzz_target(${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/fuzz_${part}.c LIBS shoji-egress RUNS 2000000)
endforeach()
