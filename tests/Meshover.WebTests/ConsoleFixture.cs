using System.Collections.Concurrent;
using Meshover.Lab;
using Meshover.Lab.Meshes;
using Meshover.Lab.Underlays;
using Meshover.LabTests.Mesh;
using Microsoft.Playwright;

namespace Meshover.WebTests;

/// <summary>
/// A controller with three nodes, a fourth machine that may join, and Debian's Chromium in the controller's network. Each role signs in once, by a link; pages
/// share that.
/// </summary>
public sealed class ConsoleFixture : IAsyncLifetime
{
    public static readonly string Address = $"https://{AddressPlan.Controller4}:12913";
    private const string Chromium = "/usr/bin/chromium";

    // Of the console's SignInPace: 10 at once, one more each 6 s.
    private const double MostTurns = 9;
    private static readonly TimeSpan TurnEach = TimeSpan.FromSeconds(6.5);
    private readonly Dictionary<string, string> _signedIn = [];
    private readonly ConcurrentQueue<string> _complaints = new();
    private double _turns = MostTurns;
    private long _turnsAt = TimeProvider.System.GetTimestamp();
    private IPlaywright _playwright = null!;
    private IBrowser _browser = null!;
    private string _starter = null!;
    private TestProvider? _provider;

    public LabMesh Mesh { get; private set; } = null!;

    /// <summary>Where people may sign in by name.</summary>
    internal TestProvider Provider => _provider!;

    /// <summary>What browsers said of pages: errors of scripts, and what the policy forbade.</summary>
    public IReadOnlyCollection<string> Complaints => _complaints;

    public async ValueTask InitializeAsync()
    {
        var ct = TestContext.Current.CancellationToken;
        var browser = StartBrowserLaterAsync();
        Mesh = await LabMesh.BuildAsync(new LabOptions { Prefix = LabPrefix.Next(), Nodes = 4 }, TimeProvider.System, ct);
        try
        {
            _provider = await TestProvider.StartAsync(Mesh.Controller.Machine, AddressPlan.Controller4, Address);
            await Mesh.Controller.InitAsync(ct);
            Configure();
            Mesh.Controller.Serve();
            await Mesh.Controller.WaitAsync(ct);
            await Task.WhenAll(Mesh.Nodes.Take(3).Select(async node => await node.JoinAsync(await Mesh.Controller.CreateTokenAsync(node.Number, ct), ct)));
            _playwright = await browser;
            Assertions.SetDefaultExpectTimeout(20_000);
            _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = Starter() });
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
            await _browser.CloseAsync();
        _playwright?.Dispose();
        if (_starter is not null)
            File.Delete(_starter);
        if (_provider is not null)
            await _provider.DisposeAsync();
        if (Environment.GetEnvironmentVariable(PageTests.ScreenshotsVariable) is { Length: > 0 } directory && File.Exists(Mesh.Controller.LogFile))
            File.Copy(Mesh.Controller.LogFile, Path.Combine(directory, "controller.log"), overwrite: true);
        await Mesh.DisposeAsync();
    }

    /// <summary>What `meshover-controller console-token` prints.</summary>
    public async Task<string> TokenAsync(params string[] options) =>
        (await Mesh.Controller.Machine.RunAsync(LabPrograms.Controller, ["console-token", .. options], CancellationToken.None)).Checked().Trim();

    /// <summary>What a command prints on the controller's machine.</summary>
    public async Task<string> AdministerAsync(string program, params string[] arguments) =>
        (await Mesh.Controller.Machine.RunAsync(program, arguments, CancellationToken.None)).Checked();

    /// <summary>Kills the controller and starts it again; who was signed in to its own console is so no more.</summary>
    /// <param name="meanwhile">While there is none.</param>
    public async Task RestartAsync(Func<Task> meanwhile)
    {
        Mesh.Controller.Kill();
        _signedIn.Clear();
        try
        {
            await meanwhile();
        }
        finally
        {
            Mesh.Controller.Serve();
        }
        await Mesh.Controller.WaitAsync(CancellationToken.None);
    }

    /// <summary>A page of somebody who has signed in as that role.</summary>
    public async Task<IPage> OpenAsync(string path, string role = "administrator", Action<BrowserNewContextOptions>? with = null)
    {
        if (!_signedIn.TryGetValue(role, out var state))
        {
            await TurnsAsync(1);
            var page = await NewPageAsync(new BrowserNewContextOptions());
            await page.GotoAsync(await TokenAsync("--once", "--role", role, "--name", $"web-{role}").ContinueWith(link => AtIPv4(link.Result), TaskScheduler.Default));
            await page.WaitForURLAsync($"{Address}/");
            state = _signedIn[role] = await page.Context.StorageStateAsync();
            await page.Context.CloseAsync();
        }
        var options = new BrowserNewContextOptions { StorageState = state };
        with?.Invoke(options);
        var opened = await NewPageAsync(options);
        await GoAsync(opened, path);
        return opened;
    }

    /// <summary>All browsers of the tests have one address, which may not try too often: waits until it may so often. By a provider each is two.</summary>
    public async Task TurnsAsync(int tries)
    {
        while (true)
        {
            var now = TimeProvider.System.GetTimestamp();
            _turns = Math.Min(MostTurns, _turns + (TimeProvider.System.GetElapsedTime(_turnsAt, now) / TurnEach));
            _turnsAt = now;
            if (_turns >= tries)
                break;
            await Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System);
        }
        _turns -= tries;
    }

    /// <summary>Goes there, and waits until the page is live: whoever fills a form in sooner is not heard. That of signing in never is.</summary>
    public static async Task GoAsync(IPage page, string path)
    {
        await page.GotoAsync(Address + path);
        if (path != "/sign-in")
            await page.Locator("main[data-live]").WaitForAsync(new() { Timeout = 30_000 });
    }

    /// <summary>A page of nobody.</summary>
    public async Task<IPage> NewPageAsync(BrowserNewContextOptions options)
    {
        options.IgnoreHTTPSErrors = true;
        options.Locale ??= "en-GB";
        options.TimezoneId ??= "Asia/Tokyo";
        var context = await _browser.NewContextAsync(options);
        context.SetDefaultTimeout(15_000);
        var page = await context.NewPageAsync();
        page.Console += (_, message) =>
        {
            if (message.Type == "error" && !message.Text.Contains("Failed to load resource", StringComparison.Ordinal))
                _complaints.Enqueue($"{page.Url}: {message.Text}");
        };
        page.PageError += (_, error) => _complaints.Enqueue($"{page.Url}: {error}");
        return page;
    }

    /// <summary>The link under the address at which the browser has its cookies.</summary>
    public static string AtIPv4(string link) => $"{Address}/{link[(link.IndexOf("sign-in", StringComparison.Ordinal))..]}";

    private static async Task<IPlaywright> StartBrowserLaterAsync()
    {
        if (!File.Exists(Chromium))
            throw new InvalidOperationException($"{Chromium} is not there: apt-get install chromium (./dev does that)");
        return await Playwright.CreateAsync();
    }

    /// <summary>The console's own settings, as an operator writes them.</summary>
    private void Configure()
    {
        var etc = Mesh.Controller.Machine.Disk("/etc/meshover");
        File.WriteAllText(Path.Combine(etc, "provider.pem"), _provider!.Authority);
        File.WriteAllText(Path.Combine(etc, "console-secret"), TestProvider.ClientSecret + "\n");
        File.AppendAllText(Path.Combine(etc, "controller.yaml"), $$"""
            console:
              openIdConnect:
                authority: {{_provider.Address}}
                clientId: {{TestProvider.ClientId}}
                clientSecretFile: /etc/meshover/console-secret
                ca: /etc/meshover/provider.pem
                title: Lab login
                sessionHours: 2
                roles:
                  operator: [mesh-operators]
                  administrator: [mesh-admins]

            """);
    }

    // Playwright starts one file.
    private string Starter()
    {
        _starter = Path.Combine(Path.GetTempPath(), $"meshover-chromium-{Environment.ProcessId}");
        File.WriteAllText(_starter, $"#!/bin/sh\nexec nsenter --net={Mesh.Controller.Machine.NetworkPath} -- {Chromium} \"$@\"\n");
        File.SetUnixFileMode(_starter, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return _starter;
    }
}
