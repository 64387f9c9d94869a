add_test(NAME integration-options COMMAND ${CMAKE_CURRENT_LIST_DIR}/options.sh $<TARGET_FILE:shoji-broker>)
set_tests_properties(integration-options PROPERTIES TIMEOUT 60 LABELS integration)
