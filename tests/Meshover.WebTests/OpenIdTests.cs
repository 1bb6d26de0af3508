using System.Globalization;
using Meshover.Lab;
using Microsoft.Playwright;

namespace Meshover.WebTests;

/// <summary>Signing in at a provider, and what it gives.</summary>
public sealed class OpenIdTests(ConsoleFixture console)
{
    [Fact]
    public async Task Provider_LetsSomebodyIn_AsWhatTheirGroupsSay()
    {
        var page = await console.NewPageAsync(new BrowserNewContextOptions());
        await page.GotoAsync($"{ConsoleFixture.Address}/grants");
        await SignInAsync(page, "ann.people.mesh-operators");
        // Where they wanted to go, under their own name, with an operator's pages and not an administrator's.
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Grants" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".user")).ToContainTextAsync("ann (");
        await Assertions.Expect(page.Locator(".user")).ToContainTextAsync("operator");
        var cookies = await page.Context.CookiesAsync();
        Assert.DoesNotContain(cookies, cookie => cookie.Name.StartsWith("__Secure-meshover-", StringComparison.Ordinal));

        // What they do stands in the audit under that name; out again by the same button as everybody.
        await ConsoleFixture.GoAsync(page, "/nodes/n2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Tags", Exact = true }).ClickAsync();
        await page.GetByRole(AriaRole.Dialog).GetByLabel("Tags, with spaces between").FillAsync("by-ann");
        await page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Set them" }).ClickAsync();
        await Assertions.Expect(page.GetByText("by-ann")).ToBeVisibleAsync();
        await ConsoleFixture.GoAsync(page, "/audit");
        await Assertions.Expect(page.Locator("tr", new() { HasText = "by-ann" }).First).ToContainTextAsync("ann (192.0.2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Your session has ended.")).ToBeVisibleAsync();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Provider_WhoHasNoRole_OrComesBackWithAnothersAnswer_IsNotLetIn()
    {
        var page = await console.NewPageAsync(new BrowserNewContextOptions());
        await page.GotoAsync($"{ConsoleFixture.Address}/sign-in");
        await SignInAsync(page, "bob.people");
        await Assertions.Expect(page.GetByText("gives you no role here")).ToBeVisibleAsync();

        await console.TurnsAsync(3);
        // An answer that this browser did not ask for: its state is nobody's here.
        var other = await console.NewPageAsync(new BrowserNewContextOptions());
        await other.GotoAsync($"{ConsoleFixture.Address}/session/openid/return?code=abc&state=def");
        await Assertions.Expect(other.GetByText("Signing in at the provider failed")).ToBeVisibleAsync();
        // A true one that another browser asked for is no better.
        var theirs = await console.NewPageAsync(new BrowserNewContextOptions());
        await theirs.GotoAsync($"{ConsoleFixture.Address}/sign-in");
        await theirs.GetByRole(AriaRole.Link, new() { Name = "Sign in with Lab login" }).ClickAsync();
        await theirs.GetByLabel("User").WaitForAsync();
        var answer = await console.Provider.AnswerAsync(theirs.Url, "eve.people.mesh-admins");
        Assert.StartsWith($"{ConsoleFixture.Address}/session/openid/return?", answer, StringComparison.Ordinal);
        await other.GotoAsync(answer);
        await Assertions.Expect(other.GetByText("Signing in at the provider failed")).ToBeVisibleAsync();
        await theirs.Context.CloseAsync();
        // Nor is anybody led to another site afterwards.
        await other.GotoAsync($"{ConsoleFixture.Address}/session/openid?to=//evil.example/");
        await other.GetByLabel("User").FillAsync("eve.people.mesh-admins");
        await other.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
        await other.WaitForURLAsync($"{ConsoleFixture.Address}/");
        await Assertions.Expect(other.Locator(".user")).ToContainTextAsync("administrator");
        await page.Context.CloseAsync();
        await other.Context.CloseAsync();
    }

    /// <summary>Of one who is dismissed while their page is open.</summary>
    [Fact]
    public async Task Session_OfSomebody_IsEndedByAnAdministrator()
    {
        var page = await console.NewPageAsync(new BrowserNewContextOptions());
        await page.GotoAsync($"{ConsoleFixture.Address}/nodes");
        await SignInAsync(page, "dan.people.mesh-operators");
        await Assertions.Expect(page.Locator(".user")).ToContainTextAsync("dan (");

        var listed = await console.AdministerAsync(LabPrograms.Controller, "console-session", "list");
        var line = Assert.Single(listed.Split('\n'), one => one.Contains(" dan (", StringComparison.Ordinal));
        Assert.Contains("operator", line, StringComparison.Ordinal);
        var times = line[line.IndexOf("since ", StringComparison.Ordinal)..].Split(", until ").Select(text => DateTimeOffset.Parse(text.Replace("since ", "", StringComparison.Ordinal).Trim(), CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(TimeSpan.FromHours(2), times[1] - times[0]);

        await console.AdministerAsync(LabPrograms.Controller, "console-session", "end", "dan", "--reason", "has left us");
        await Assertions.Expect(page.GetByText("Your session has ended.")).ToBeVisibleAsync();
        await page.GotoAsync($"{ConsoleFixture.Address}/nodes");
        await Assertions.Expect(page.GetByRole(AriaRole.Link, new() { Name = "Sign in with Lab login" })).ToBeVisibleAsync();
        Assert.DoesNotContain(" dan (", await console.AdministerAsync(LabPrograms.Controller, "console-session", "list"), StringComparison.Ordinal);
        await page.Context.CloseAsync();

        // Not by a page: signing in once more could be once too often for the browser's address, a few of these tests on.
        Assert.Contains("has left us", await console.AdministerAsync(LabPrograms.Meshover, "audit"), StringComparison.Ordinal);
    }

    private async Task SignInAsync(IPage page, string user)
    {
        await console.TurnsAsync(2);
        await page.GetByRole(AriaRole.Link, new() { Name = "Sign in with Lab login" }).ClickAsync();
        await page.GetByLabel("User").FillAsync(user);
        await page.GetByRole(AriaRole.Button, new() { Name = "Continue" }).ClickAsync();
    }
}
