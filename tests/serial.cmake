# Tests that start real displays, browsers or whole brokers: one at a time, for their deadlines are the product's, and those that
# are not kept apart (tests/integration/apart) count processes by the same accounts. Beside it one of the others.
foreach(name unit-monitor-broker unit-capture-xvnc browser-viewer browser-viewer-input isolation-browser isolation-limits_host)
  set_tests_properties(${name} PROPERTIES RESOURCE_LOCK "whole-system;isolated-hosts")
endforeach()

# Where no earlier run has told what each takes: what goes one at a time begins first, then the longest of the others, so that
# neither is left over at the end beside an idle core.
get_property(tests DIRECTORY PROPERTY TESTS)
foreach(name ${tests})
  get_test_property(${name} RESOURCE_LOCK lock)
  if(lock MATCHES whole-system)
    set_tests_properties(${name} PROPERTIES COST 300)
  elseif(name MATCHES "^(lint-tidy|fuzz-|unit-encode-(video|writer))")
    set_tests_properties(${name} PROPERTIES COST 200)
  endif()
endforeach()
