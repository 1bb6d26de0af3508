using System.Net.Sockets;
using Meshover.Lab;
using Meshover.Lab.Underlays;
using Meshover.LabTests;
using Meshover.Linux.Processes;
using Microsoft.Playwright;

namespace Meshover.WebTests;

/// <summary>A console in a process of its own, beside the controller: the same pages for the same people, and the controller may go and come back under it.</summary>
public sealed class ApartTests(ConsoleFixture console)
{
    private const int Port = 12917;
    private const string Prefix = "10.78.0.0/16";
    private static readonly string Address = $"https://{AddressPlan.Controller4}:{Port}";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Console_Apart_ShowsAndChangesTheMesh_AndOutlivesItsController()
    {
        var process = Serve();
        try
        {
            await Until.TrueAsync("the console listens", Patience, IsServed);
            var page = await console.NewPageAsync(new BrowserNewContextOptions());
            await SignInAsync(page, await console.TokenAsync("--role", "operator", "--name", "apart-olga"));
            await Assertions.Expect(page.Locator(".canvas")).ToHaveAttributeAsync("data-nodes", "n1 n2 n3");
            await Assertions.Expect(page.Locator("[data-away]")).ToHaveCountAsync(0);

            await GrantAsync(page);
            // The controller's audit names the person, and not the process that asked.
            var audit = await console.AdministerAsync(LabPrograms.Meshover, "audit");
            Assert.Contains("apart-olga (console, from 192.0.2.", audit, StringComparison.Ordinal);
            Assert.Contains("from the one apart", audit, StringComparison.Ordinal);

            await console.RestartAsync(() => Assertions.Expect(page.Locator("[data-away]")).ToContainTextAsync("The controller cannot be asked"));
            await Assertions.Expect(page.Locator("[data-away]")).ToHaveCountAsync(0);
            // What was there is, and can be changed on by who was signed in.
            await page.Locator("tr", new() { HasText = Prefix }).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
            await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
            await Assertions.Expect(page.Locator("tr", new() { HasText = Prefix })).ToHaveCountAsync(0);

            // Administrators see who is signed in there, and end it.
            await Until.TrueAsync("the session is listed", Patience, async () => (await console.AdministerAsync(LabPrograms.Controller, "console-session", "list")).Contains("apart-olga", StringComparison.Ordinal));
            await console.AdministerAsync(LabPrograms.Controller, "console-session", "end", "apart-olga");
            await Assertions.Expect(page.GetByText("Your session has ended.")).ToBeVisibleAsync();
            await page.Context.CloseAsync();
        }
        finally
        {
            process.Kill();
        }
    }

    private static async Task SignInAsync(IPage page, string token)
    {
        await page.GotoAsync(Address);
        await page.GetByLabel("Token").FillAsync(token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await page.Locator("main[data-live]").WaitForAsync();
    }

    private static async Task GrantAsync(IPage page)
    {
        await page.GotoAsync($"{Address}/grants");
        await page.Locator("main[data-live]").WaitForAsync();
        await page.Locator("form.line select").SelectOptionAsync("n2");
        await page.GetByLabel("Prefix", new() { Exact = true }).FillAsync("10.249.0.0/24");
        await page.GetByRole(AriaRole.Button, new() { Name = "What would it do?" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("the mesh's own pool");
        await page.GetByLabel("Prefix", new() { Exact = true }).FillAsync(Prefix);
        await page.GetByRole(AriaRole.Button, new() { Name = "What would it do?" }).ClickAsync();
        await page.Locator(".preview").GetByLabel("Why").FillAsync("from the one apart");
        await page.GetByRole(AriaRole.Button, new() { Name = "Grant it" }).ClickAsync();
        await Assertions.Expect(page.Locator("tr", new() { HasText = Prefix })).ToContainTextAsync("n2");
    }

    private ProcessIdentity Serve()
    {
        var command = console.Mesh.Controller.Machine.Command(LabPrograms.Controller, "console");
        return DetachedProcess.Start(new DetachedProcessOptions
        {
            FileName = command.FileName,
            Arguments = [.. command.ArgumentList],
            LogFile = console.Mesh.Controller.Machine.Disk("/run/meshover-console.log"),
        });
    }

    private bool IsServed() => console.Mesh.Controller.Machine.InNetwork(() =>
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(AddressPlan.Controller4, Port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    });
}
