// A Spanner in a process of its own, as the benchmarks want it: started, timed, measured, ended.
// Thread safety: none; belongs to main().
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace ks::bench {

class SpannerProcess {
 public:
  // Runs `command` and waits until `address` accepts connections; an empty address is read from the
  // program's first line ("... listens on HOST:PORT"). Ends the benchmark when it does not come up.
  SpannerProcess(std::vector<std::string> command, std::string address);
  ~SpannerProcess();  // SIGTERM, then waits
  SpannerProcess(const SpannerProcess&) = delete;

  const std::string& address() const { return address_; }
  double start_millis() const { return start_millis_; }
  // Resident, in MiB; of all its memory, and without what is mapped from files.
  double resident_mib() const { return StatusMib("VmRSS:"); }
  double anonymous_mib() const { return StatusMib("RssAnon:"); }

 private:
  double StatusMib(const char* field) const;

  pid_t pid_ = 0;
  std::string address_;
  double start_millis_ = 0;
};

// HOST:PORT that nobody listens on at the moment.
std::string FreeAddress();

}  // namespace ks::bench
