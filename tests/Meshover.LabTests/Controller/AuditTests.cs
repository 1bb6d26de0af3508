using System.Text.Json;
using Meshover.Contract.V1;
using Meshover.Lab;
using Meshover.LabTests.Cli;

namespace Meshover.LabTests.Controller;

public sealed class AuditTests
{
    [Fact]
    public async Task WhatAnAdministratorDoes_IsFoundByTheCommandLine_WithWhoAndWhy_AlsoAfterAKillAndABackup()
    {
        await using var controller = new ControllerProcess();
        var join = await controller.InitAsync();
        await controller.ServeAsync();
        using var node = new TestNode(join, "web-1");
        await node.EnrolAsync();
        (await MeshoverAsync(controller, "node", "remove", "web-1", "--reason", "stolen")).Checked();
        using (var admin = new AdminClient(controller.AdminSocket))
            await admin.Api.AllowNodeAsync(new AllowNodeRequest { Node = "web-1" });
        await controller.KillAsync();
        await controller.ServeAsync();

        var removal = await ShownAsync(controller);
        Assert.Equal("stolen", removal.GetProperty("reason").GetString());
        Assert.StartsWith($"{(Environment.IsPrivilegedProcess ? "root" : "user")} (uid ", removal.GetProperty("actor").GetString(), StringComparison.Ordinal);
        Assert.Equal("node 1 (web-1)", removal.GetProperty("object").GetString());
        Assert.Contains("Removed", removal.GetProperty("after").GetString(), StringComparison.Ordinal);
        Assert.Contains("node.remove", (await MeshoverAsync(controller, "audit")).Checked(), StringComparison.Ordinal);
        Assert.Equal(2, (await MeshoverAsync(controller, "audit", "--limit", "none")).ExitCode);

        var backup = Path.Combine(controller.Root, "backup");
        Assert.Equal(0, (await ControllerProcess.RunAsync(["backup", backup, .. controller.Paths])).ExitCode);
        await controller.StopAsync();
        Assert.Equal(0, (await ControllerProcess.RunAsync(["restore", backup, "--replace", .. controller.Paths])).ExitCode);
        await controller.ServeAsync();
        Assert.Equal(removal.GetRawText(), (await ShownAsync(controller)).GetRawText());
    }

    private static async Task<JsonElement> ShownAsync(ControllerProcess controller)
    {
        using var json = JsonDocument.Parse((await MeshoverAsync(controller, "audit", "--node", "web-1", "--json")).Checked());
        var operations = json.RootElement.EnumerateArray().Select(entry => entry.GetProperty("operation").GetString()).ToList();
        Assert.Equal(["node.allow", "node.remove", "node.enrol"], operations);
        return json.RootElement[1].Clone();
    }

    private static Task<Ending> MeshoverAsync(ControllerProcess controller, params string[] arguments) =>
        Programs.RunAsync(LabPrograms.Meshover, [.. arguments, "--admin-socket", controller.AdminSocket]);
}
