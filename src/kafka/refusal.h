// What librdkafka's words for a failed connection mean: was it refused, which waiting does not
// mend, and what is to be done about it. Thread safety: functions of their arguments.
#pragma once

#include <string_view>

namespace ks::kafka {

// Of a certificate or a credential; else the broker is down, or its connection was lost, or it has
// not answered in time: within a login too.
//
// With TLS 1.3 our handshake is over before the broker looks at our certificate, so its alert
// arrives in the place of the first answer (RFC 8446, 4.4.2.4 and 6.2).
bool IsRefusal(std::string_view reason);

// For the person who reads it; empty: nothing more is known.
std::string_view WhatToDo(std::string_view reason);

}  // namespace ks::kafka
