// Log: what the program says to the person who runs it, on standard error: one line an event, as
// text or JSON.
//
// Values of records and credentials are never logged. Thread safety: any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace ks::observe {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat : uint8_t { kText, kJson };

// Call once, before the first line.
void SetUpLog(LogLevel least, LogFormat format);

void Log(LogLevel level, std::string_view text);
inline void LogInfo(std::string_view text) { Log(LogLevel::kInfo, text); }
inline void LogWarning(std::string_view text) { Log(LogLevel::kWarning, text); }
inline void LogError(std::string_view text) { Log(LogLevel::kError, text); }

}  // namespace ks::observe
