# Tests that start real displays, browsers or whole brokers: one at a time, for their deadlines are the product's, and those that
# are not kept apart (tests/integration/apart) count processes by the same accounts. Beside it one of the others.
foreach(name unit-monitor-broker unit-capture-xvnc browser-viewer isolation-browser isolation-limits_host)
  set_tests_properties(${name} PROPERTIES RESOURCE_LOCK "whole-system;isolated-hosts")
endforeach()
