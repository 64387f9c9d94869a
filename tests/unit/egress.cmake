foreach(part address request hello policy answer records)
  shoji_unit_test(egress-${part} SOURCES ${CMAKE_CURRENT_LIST_DIR}/test_egress_${part}.c LIBS shoji-egress)
endforeach()
