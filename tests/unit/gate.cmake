foreach(name address latency origin slice viewer_input meter sign_in cookie)
  string(REPLACE "_" "-" test ${name})
  shoji_unit_test(gate-${test} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_gate_${name}.c LIBS shoji-gate)
endforeach()
