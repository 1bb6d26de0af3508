using Deque.AxeCore.Playwright;
using Meshover.Lab;
using Meshover.Lab.Faults;
using Meshover.LabTests;
using Meshover.Linux.Processes;
using Microsoft.Playwright;

namespace Meshover.WebTests;

/// <summary>What somebody sees and does, page by page, against a mesh that lives.</summary>
public sealed class PageTests(ConsoleFixture console)
{
    public const string ScreenshotsVariable = "MESHOVER_SCREENSHOTS";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Mesh_ShowsTheNodes_AndAFaultSoonAfterItsNodeKnowsIt()
    {
        var page = await console.OpenAsync("/");
        var canvas = page.Locator(".canvas");
        await Assertions.Expect(canvas).ToHaveAttributeAsync("data-nodes", "n1 n2 n3", new() { Timeout = 30_000 });
        await Assertions.Expect(canvas).ToHaveAttributeAsync("data-bad", "0", new() { Timeout = 60_000 });
        // The same in words, for whoever opens it.
        await Assertions.Expect(page.Locator("details tr")).ToHaveCountAsync(0);
        await page.GetByText("The links as a table").ClickAsync();
        await Assertions.Expect(page.Locator("details tbody tr", new() { HasText = "n2" })).ToHaveCountAsync(2);
        await page.GetByText("The links as a table").ClickAsync();
        await Assertions.Expect(page.Locator("details tr")).ToHaveCountAsync(0);

        await using (await Cut.BetweenAsync(console.Mesh, console.Mesh.Node(1), console.Mesh.Node(2), onlyIPv6: false, CancellationToken.None))
        {
            // What the node takes to find it out is not the console's.
            await Until.TrueAsync("n1 finds it", Patience, async () => (await console.Mesh.Node(1).StatusAsync(CancellationToken.None)).Peers.Any(peer => peer.Hostname == "n2" && peer.BgpState != "Established"));
            // The agent looks as soon as BGP takes the session's routes out of the kernel, and tells the controller.
            await Assertions.Expect(canvas).Not.ToHaveAttributeAsync("data-bad", "0", new() { Timeout = IsQuiet() ? 5_000 : 15_000 });
            await Until.TrueAsync("n1 names it", Patience, async () => (await console.Mesh.Node(1).StatusAsync(CancellationToken.None)).Findings.Any(finding => finding.Code == "peer-unreached"));
            await Assertions.Expect(page.Locator(".problems [data-code=peer-unreached]")).ToBeVisibleAsync(new() { Timeout = 15_000 });
            await ShootAsync(page, "console-mesh-fault", "light");
        }
        await Assertions.Expect(canvas).ToHaveAttributeAsync("data-bad", "0", new() { Timeout = 60_000 });
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Join_ATokenMadeHereLetsANodeJoin_AndOneThatIsRevokedDoesNot()
    {
        var page = await console.OpenAsync("/join", "operator");
        await page.GetByLabel("Prefixes that each may announce").FillAsync("10.64.4.0/24\nfd64:4::/64");
        await page.GetByLabel("Host names that it admits").FillAsync("n* spare-?");
        await page.GetByLabel("Why").First.FillAsync("for the test");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the token" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("\"spare-?\" is no pattern of hostnames");
        await page.GetByLabel("Host names that it admits").FillAsync("n*");
        await page.GetByRole(AriaRole.Button, new() { Name = "Make the token" }).ClickAsync();
        var command = await page.Locator("#command").TextContentAsync();
        Assert.Contains("write_files", await page.Locator("#cloud").TextContentAsync(), StringComparison.Ordinal);
        var join = command!.Split('\'')[1];

        await page.Locator("[data-token]").First.GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-token]").First).ToContainTextAsync("revoked");
        Assert.NotEqual(0, (await console.Mesh.Node(4).UpAsync(join, ["--join", "-", "--no-wait"], CancellationToken.None)).ExitCode);

        await page.GetByRole(AriaRole.Button, new() { Name = "Make the token" }).ClickAsync();
        await Assertions.Expect(page.Locator("#command")).Not.ToHaveTextAsync(command);
        join = (await page.Locator("#command").TextContentAsync())!.Split('\'')[1];
        // Both may be of the same second, and so in any order; the mesh's own were used before.
        var used = page.Locator("[data-token]", new() { HasText = "1 / 1" });
        var before = await used.CountAsync();
        await console.Mesh.Node(4).JoinAsync(join, CancellationToken.None);
        await Assertions.Expect(used).ToHaveCountAsync(before + 1, new() { Timeout = 10_000 });

        // Shown once: who loads the page anew does not see it.
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("[data-token]").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#command")).Not.ToBeVisibleAsync();
        await page.Context.CloseAsync();

        // Who did it stands in the audit; an administrator takes the node out again.
        var audit = await console.OpenAsync("/audit");
        await Assertions.Expect(audit.Locator("tr", new() { HasText = "token.create" }).First).ToContainTextAsync("web-operator (console");
        await Assertions.Expect(audit.Locator("tr", new() { HasText = "for the test" }).First).ToBeVisibleAsync();
        await ConsoleFixture.GoAsync(audit, "/nodes/n4");
        await audit.GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Assertions.Expect(audit.GetByRole(AriaRole.Dialog)).ToContainTextAsync("All other nodes end their links with n4");
        await audit.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Assertions.Expect(audit.GetByRole(AriaRole.Button, new() { Name = "Allow again" })).ToBeVisibleAsync();
        await audit.Context.CloseAsync();
    }

    [Fact]
    public async Task Grants_SayWhatTheyWouldDo_AndDoIt()
    {
        var page = await console.OpenAsync("/grants", "operator");
        await page.Locator("form.line select").SelectOptionAsync("n2");
        await page.GetByLabel("Prefix", new() { Exact = true }).FillAsync("10.64.1.0/24");
        await page.GetByRole(AriaRole.Button, new() { Name = "What would it do?" }).ClickAsync();
        await Assertions.Expect(page.Locator(".preview")).ToContainTextAsync("n1 is granted 10.64.1.0/24, which overlaps");
        // What was looked at is what is done: another prefix is looked at anew.
        await page.GetByLabel("Prefix", new() { Exact = true }).FillAsync("10.77.0.1/16");
        await page.GetByLabel("Prefix", new() { Exact = true }).BlurAsync();
        await Assertions.Expect(page.Locator(".preview")).Not.ToBeVisibleAsync();
        await page.GetByLabel("Prefix", new() { Exact = true }).FillAsync("10.249.0.0/24");
        await page.GetByRole(AriaRole.Button, new() { Name = "What would it do?" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("the mesh's own pool");

        await page.GetByLabel("Prefix", new() { Exact = true }).FillAsync("10.77.0.0/16");
        await page.GetByRole(AriaRole.Button, new() { Name = "What would it do?" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Grant it" }).ClickAsync();
        var row = page.Locator("tr", new() { HasText = "10.77.0.0/16" });
        await Assertions.Expect(row).ToContainTextAsync("n2");
        await row.GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("n2 announces nothing by this grant");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Assertions.Expect(row).ToHaveCountAsync(0);
        await page.Locator("tr", new() { HasText = "10.64.3.0/24" }).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("n3 announces 10.64.3.0/24 now");
        await page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Node_TellsOfItself_AndTheTableFindsIt()
    {
        var page = await console.OpenAsync("/nodes?q=n2");
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await page.GetByPlaceholder("Name, address, site, tag").FillAsync("nobody");
        await Assertions.Expect(page.GetByText("No node is like that.")).ToBeVisibleAsync();
        await ConsoleFixture.GoAsync(page, "/nodes/n2");
        await Assertions.Expect(page.Locator("tr", new() { HasText = "Established" })).ToHaveCountAsync(2, new() { Timeout = 30_000 });
        await Assertions.Expect(page.GetByText("10.64.2.0/24").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("[data-kind='session.up']").First).ToBeVisibleAsync();
        await ConsoleFixture.GoAsync(page, "/nodes/nobody");
        await Assertions.Expect(page.GetByText("There is no node of this name")).ToBeVisibleAsync();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Routes_SayWhoAnnouncesAPrefixWhoAcceptsItAndWhyNot()
    {
        var page = await console.OpenAsync("/routes?prefix=10.64.2.0/24", "viewer");
        await Assertions.Expect(page.Locator("[data-announcer=n2]")).ToContainTextAsync("It was granted: all others accept it.");
        await Assertions.Expect(page.Locator("[data-taker=n2]")).ToContainTextAsync("It has it itself.");
        await Assertions.Expect(page.Locator("[data-taker=n1]")).ToContainTextAsync("Accepted: packets go to n2");

        // Nobody announces this one, and so no node has a way to it.
        await page.GetByLabel("Prefix or address").FillAsync("10.99.0.0/16");
        await page.GetByRole(AriaRole.Button, new() { Name = "Who has it?" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Nobody announces 10.99.0.0/16")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("[data-taker=n1]")).ToContainTextAsync("Nobody else announces it.");
        Assert.EndsWith("/routes?prefix=10.99.0.0%2F16", page.Url, StringComparison.Ordinal);

        await ConsoleFixture.GoAsync(page, "/routes?prefix=nonsense");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("nonsense");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Paths_GoThereAndBack_BetweenNodesAndAddressesBehindThem()
    {
        var page = await console.OpenAsync("/routes/paths", "viewer");
        await page.GetByLabel("From: a node or an address").FillAsync("n1");
        await page.GetByLabel("To: a node or an address").FillAsync("n3");
        await page.GetByRole(AriaRole.Button, new() { Name = "How does it go?" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-way=arrives]")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("[data-way] li a")).ToHaveTextAsync(["n1", "n3", "n3", "n1"]);
        await Assertions.Expect(page.Locator("tr", new() { HasText = "Established" })).ToHaveCountAsync(2);

        await ConsoleFixture.GoAsync(page, "/routes/paths?from=10.64.1.2&to=10.64.3.2");
        await Assertions.Expect(page.Locator("[data-way=arrives]")).ToHaveCountAsync(2, new() { Timeout = 30_000 });
        await ConsoleFixture.GoAsync(page, "/routes/paths?from=n1&to=192.0.2.99");
        await Assertions.Expect(page.GetByText("192.0.2.99 is outside of the mesh")).ToBeVisibleAsync();
        await ConsoleFixture.GoAsync(page, "/routes/paths?from=n1&to=nobody");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("\"nobody\" is neither a node of the mesh nor an address.");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Node_IsTaggedRenamedAndDrainedFromItsPage_AndTheAuditSaysSo()
    {
        var page = await console.OpenAsync("/nodes/n3");
        await Assertions.Expect(page.Locator("[data-announces='10.64.3.0/24']")).ToContainTextAsync("announced", new() { Timeout = 30_000 });
        await ActAsync(page, "Tags", "Set them", dialog => dialog.GetByLabel("Tags, with spaces between").FillAsync("rack-7 spare"));
        await Assertions.Expect(page.GetByText("rack-7, spare")).ToBeVisibleAsync();
        await ActAsync(page, "Tags", "Set them", dialog => dialog.GetByLabel("Tags, with spaces between").FillAsync(""));

        await ActAsync(page, "Rename", "Rename", dialog => dialog.GetByLabel("New name").FillAsync("n3b"));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "n3b" })).ToBeVisibleAsync();
        await ActAsync(page, "Rename", "Rename", dialog => dialog.GetByLabel("New name").FillAsync("n3"));
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "n3", Exact = true })).ToBeVisibleAsync();

        await ActAsync(page, "Drain", "Drain", dialog => Assertions.Expect(dialog).ToContainTextAsync("until it is undrained"));
        await Assertions.Expect(page.Locator("[data-draining=drained]")).ToBeVisibleAsync(new() { Timeout = 30_000 });
        await ActAsync(page, "Undrain", "Undrain", dialog => Assertions.Expect(dialog).ToContainTextAsync("Others like its routes again"));
        await Assertions.Expect(page.Locator("[data-draining]")).ToHaveCountAsync(0, new() { Timeout = 30_000 });

        await ConsoleFixture.GoAsync(page, "/audit");
        foreach (var operation in new[] { "node.tag", "node.rename", "node.drain", "node.undrain" })
            await Assertions.Expect(page.Locator("tr", new() { HasText = operation }).First).ToContainTextAsync("web-administrator (console");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Gatherings_AreGrantedHere_AndAnnouncementsAreListed()
    {
        var page = await console.OpenAsync("/grants/announcements?q=10.64.", "operator");
        await Assertions.Expect(page.Locator("tbody tr", new() { HasText = "10.64.1.0/24" })).ToContainTextAsync("accept it");
        await ConsoleFixture.GoAsync(page, "/grants/gatherings");
        await page.Locator("form.line select").SelectOptionAsync("n1");
        await page.GetByLabel("Prefix", new() { Exact = true }).FillAsync("203.0.113.0/24");
        await page.GetByRole(AriaRole.Button, new() { Name = "What would it do?" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Grant it" }).ClickAsync();
        var row = page.Locator("tr", new() { HasText = "203.0.113.0/24" });
        await Assertions.Expect(row).ToContainTextAsync("gathers");
        await row.GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await Assertions.Expect(row).ToHaveCountAsync(0);
        await page.Context.CloseAsync();
    }

    /// <summary>The node does it, within its grants, and keeps what its own settings say.</summary>
    [Fact]
    public async Task Announcements_AreOrderedHere_WithWhatTheyWouldDo()
    {
        const string prefix = "10.99.0.1/32";
        var page = await console.OpenAsync("/grants/announcements", "operator");
        await page.Locator("form.line select").First.SelectOptionAsync("n3");
        await page.GetByLabel("Prefix or address").FillAsync("10.99.0.1");
        await page.GetByLabel("Who else").SelectOptionAsync("active-standby");
        await page.GetByRole(AriaRole.Button, new() { Name = "What would it do?" }).ClickAsync();
        await Assertions.Expect(page.Locator(".preview")).ToContainTextAsync($"{prefix} is not granted to n3");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Announce it" })).ToHaveCountAsync(0);

        await console.AdministerAsync(LabPrograms.Meshover, "grant", "add", "n3", prefix);
        await Until.TrueAsync("n3 knows its grant", Patience, async () => (await console.Mesh.Node(3).MeshoverAsync(["events"], CancellationToken.None)).Output.Contains(prefix, StringComparison.Ordinal));
        await page.GetByRole(AriaRole.Button, new() { Name = "What would it do?" }).ClickAsync();
        await Assertions.Expect(page.Locator(".preview")).ToContainTextAsync("nobody takes over when n3 is gone");
        await page.GetByRole(AriaRole.Button, new() { Name = "Announce it" }).ClickAsync();
        await Assertions.Expect(page.Locator("[data-outcome]")).ToBeVisibleAsync();
        var row = page.Locator("tbody tr", new() { HasText = prefix });
        await Assertions.Expect(row).ToContainTextAsync("n3", new() { Timeout = 30_000 });
        Assert.Contains(prefix, (await console.Mesh.Node(3).MeshoverAsync(["announcements"], CancellationToken.None)).Output, StringComparison.Ordinal);

        // What an administrator of the node wrote stays.
        await page.Locator("tbody tr", new() { HasText = "10.64.3.0/24" }).GetByRole(AriaRole.Button, new() { Name = "Withdraw" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("is in the settings of n3");
        await row.GetByRole(AriaRole.Button, new() { Name = "Withdraw" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("nobody else does");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Withdraw" }).ClickAsync();
        await Assertions.Expect(row).ToHaveCountAsync(0, new() { Timeout = 30_000 });
        await console.AdministerAsync(LabPrograms.Meshover, "grant", "remove", "n3", prefix);

        await ConsoleFixture.GoAsync(page, "/audit");
        foreach (var operation in new[] { "node.announce", "node.withdraw" })
            await Assertions.Expect(page.Locator("tr", new() { HasText = operation }).First).ToContainTextAsync("web-operator (console");
        await page.Context.CloseAsync();
    }

    /// <summary>A picture is taken twenty seconds after the controller's start, and then each minute.</summary>
    [Fact]
    public async Task Past_ShowsTheMeshAsItWas_AndANodesLastHours()
    {
        var page = await console.OpenAsync("/events/past", "viewer");
        await Assertions.Expect(page.Locator("[data-at]")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Assertions.Expect(page.Locator(".canvas[data-nodes*='n1 n2']")).ToBeVisibleAsync();
        var at = long.Parse((await page.Locator("[data-at]").GetAttributeAsync("data-at"))!, System.Globalization.CultureInfo.InvariantCulture);
        // Before there was anything the first picture is the nearest.
        await ConsoleFixture.GoAsync(page, "/events/past?at=2000-01-01T00:00:00Z");
        await Assertions.Expect(page.Locator("[data-at]")).ToBeVisibleAsync();
        Assert.True(long.Parse((await page.Locator("[data-at]").GetAttributeAsync("data-at"))!, System.Globalization.CultureInfo.InvariantCulture) <= at);
        await Assertions.Expect(page.Locator("section.card [data-kind]").First).ToBeVisibleAsync();
        await ConsoleFixture.GoAsync(page, "/nodes/n1");
        await Assertions.Expect(page.Locator(".chart")).ToHaveCountAsync(3, new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator(".chart").Nth(1)).Not.ToHaveAttributeAsync("data-points", "0", new() { Timeout = 120_000 });
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Viewer_SeesTheMeshAndNoMore()
    {
        var page = await console.OpenAsync("/nodes/n1", "viewer");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "n1" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Remove" })).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Join" })).ToHaveCountAsync(0);
        await ConsoleFixture.GoAsync(page, "/join");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("for operators and administrators");
        await ConsoleFixture.GoAsync(page, "/audit");
        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("needs the role operator");
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Japanese_ByTheBrowsersChoiceAndByTheSwitch()
    {
        var page = await console.OpenAsync("/nodes", with: options => options.Locale = "ja-JP");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "ノード" })).ToBeVisibleAsync();
        Assert.Equal("ja", await page.Locator("html").GetAttributeAsync("lang"));
        await page.GetByRole(AriaRole.Button, new() { Name = "English" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Nodes" })).ToBeVisibleAsync();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Keyboard_AloneReachesANodeFromTheMesh()
    {
        var page = await console.OpenAsync("/");
        await Assertions.Expect(page.Locator(".canvas")).ToHaveAttributeAsync("data-nodes", "n1 n2 n3", new() { Timeout = 30_000 });
        await page.Keyboard.PressAsync("Tab");
        for (var presses = 0; presses < 12 && await FocusedAsync(page) != "Nodes"; presses++)
            await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Nodes" })).ToBeFocusedAsync();
        for (var presses = 0; presses < 40 && await FocusedAsync(page) != "n1"; presses++)
            await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "n1" })).ToBeVisibleAsync();
        await page.Context.CloseAsync();
    }

    [Theory]
    [InlineData("dark", 1280)]
    [InlineData("light", 390)]
    public async Task EachPage_HasNoSeriousFindingOfAxe_AndFitsItsWidth(string theme, int width)
    {
        var page = await console.OpenAsync("/sign-in", with: options =>
        {
            options.ColorScheme = theme == "dark" ? ColorScheme.Dark : ColorScheme.Light;
            options.ViewportSize = new ViewportSize { Width = width, Height = width < 600 ? 844 : 800 };
        });
        foreach (var (path, ready) in new[]
                 {
                     ("/sign-in", "form"), ("/", ".canvas[data-nodes]"), ("/nodes", "tbody tr"), ("/nodes/n1", "h3"), ("/join", "form"), ("/grants", "tbody tr"), ("/events", "tbody tr"), ("/audit", "tbody tr"),
                     ("/routes?prefix=10.64.2.0/24", "[data-taker]"), ("/routes/paths?from=n1&to=n3", "[data-way=arrives]"), ("/grants/announcements", "tbody tr"), ("/grants/gatherings", "form"), ("/events/past", "[data-at]"),
                 })
        {
            await ConsoleFixture.GoAsync(page, path);
            await Assertions.Expect(page.Locator(ready).First).ToBeVisibleAsync(new() { Timeout = 30_000 });
            var found = (await page.RunAxe()).Violations.Where(violation => violation.Impact is "serious" or "critical")
                .Select(violation => $"{violation.Id}: {violation.Help} ({string.Join("; ", violation.Nodes.Take(3).Select(node => node.Html))})").ToList();
            Assert.True(found.Count == 0, $"{path} ({theme}, {width}): {string.Join('\n', found)}");
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{path} is wider than {width}");
            await ShootAsync(page, $"console-{(path == "/" ? "mesh" : path[1..].Split('?')[0].Replace('/', '-'))}", width < 600 ? "phone" : theme);
        }
        await page.Context.CloseAsync();
        Assert.Empty(console.Complaints);
    }

    /// <summary>Opens a dialog, fills it in, and confirms it.</summary>
    private static async Task ActAsync(IPage page, string button, string confirm, Func<ILocator, Task> fill)
    {
        await page.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
        var dialog = page.GetByRole(AriaRole.Dialog);
        await fill(dialog);
        await dialog.GetByRole(AriaRole.Button, new() { Name = confirm, Exact = true }).ClickAsync();
        await Assertions.Expect(dialog).ToHaveCountAsync(0);
    }

    /// <summary>The processors have time: only then a bound of seconds is the product's and not the machine's.</summary>
    private static bool IsQuiet() =>
        double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture) < 1.5 * Environment.ProcessorCount;

    private static Task<string> FocusedAsync(IPage page) => page.EvaluateAsync<string>("document.activeElement.textContent");

    /// <summary>Only where somebody asks for pictures. With a palette, as those of the documents are, they have two fifths of the bytes.</summary>
    private static async Task ShootAsync(IPage page, string name, string theme)
    {
        if (Environment.GetEnvironmentVariable(ScreenshotsVariable) is not { Length: > 0 } directory)
            return;
        var picture = Path.Combine(directory, $"{name}-{theme}.png");
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = picture, Animations = ScreenshotAnimations.Disabled });
        var made = await new ProgramRun("pngquant", "--speed", "1", "--strip", "--force", "--ext", ".png", picture) { Patience = Patience }.RunAsync(CancellationToken.None);
        Assert.True(made.ExitCode == 0, $"pngquant: {made.Errors}");
    }
}
