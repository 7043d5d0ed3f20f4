// All commands. Each is in the file of its name.
#pragma once

#include "cli/command.h"

namespace ks::cli {

void AddDevCommand(CLI::App& app, GlobalOptions& options);
void AddRunCommand(CLI::App& app, GlobalOptions& options);
void AddInitCommand(CLI::App& app, GlobalOptions& options);
void AddSchemaCommand(CLI::App& app, GlobalOptions& options);
void AddPlanCommand(CLI::App& app, GlobalOptions& options);
void AddPreviewCommand(CLI::App& app, GlobalOptions& options);
void AddVerifyCommand(CLI::App& app, GlobalOptions& options);
void AddReplayCommand(CLI::App& app, GlobalOptions& options);
void AddTestCommand(CLI::App& app, GlobalOptions& options);
void AddDoctorCommand(CLI::App& app, GlobalOptions& options);
void AddStatusCommand(CLI::App& app, GlobalOptions& options);
void AddOffsetsCommand(CLI::App& app, GlobalOptions& options);
void AddOffsetsMoves(CLI::App& offsets, GlobalOptions& options);  // set, skip
void AddDlqCommand(CLI::App& app, GlobalOptions& options);
void AddAuditCommand(CLI::App& app, GlobalOptions& options);
void AddServeCommand(CLI::App& app, GlobalOptions& options);
void AddLoginCommand(CLI::App& app, GlobalOptions& options);  // logout too
void AddRemoteCommand(CLI::App& app, GlobalOptions& options);
void AddPolicyCommand(CLI::App& app, GlobalOptions& options);
void AddSqlCommand(CLI::App& app, GlobalOptions& options);
void AddSpannerCommand(CLI::App& app, GlobalOptions& options);
void AddDocCommand(CLI::App& app, GlobalOptions& options);

}  // namespace ks::cli
