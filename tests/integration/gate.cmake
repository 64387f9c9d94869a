# The real gate process, with everybody behind it played by gate-peer.
add_executable(gate-peer ${CMAKE_CURRENT_LIST_DIR}/gate_peer.c ${CMAKE_CURRENT_LIST_DIR}/gate_peer_events.c
  ${CMAKE_CURRENT_LIST_DIR}/gate_peer_start.c)
target_link_libraries(gate-peer PRIVATE shoji-gate shoji-base)
foreach(part gate gate-stream gate-onlook)
  add_test(NAME integration-${part} COMMAND node --test ${CMAKE_CURRENT_LIST_DIR}/${part}.test.mjs)
  set_tests_properties(integration-${part} PROPERTIES TIMEOUT 180 LABELS integration
    ENVIRONMENT "SHOJI_GATE_PEER=$<TARGET_FILE:gate-peer>")
endforeach()
add_test(NAME integration-certs COMMAND ${CMAKE_CURRENT_LIST_DIR}/certs.test.sh)
set_tests_properties(integration-certs PROPERTIES TIMEOUT 60 LABELS integration)
