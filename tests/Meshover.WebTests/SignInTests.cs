using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using Meshover.Lab.Machines;
using Meshover.Lab.Underlays;
using Microsoft.Playwright;

namespace Meshover.WebTests;

/// <summary>Who gets in, and who does not, whatever they try.</summary>
public sealed partial class SignInTests(ConsoleFixture console)
{
    [Fact]
    public async Task SignIn_ByATokenAndOutAgain()
    {
        var token = await console.TokenAsync("--role", "operator", "--name", "olga");
        await console.TurnsAsync(1);
        var page = await console.NewPageAsync(new BrowserNewContextOptions());

        // Who is nobody is led to the door, and afterwards where they wanted to go.
        await page.GotoAsync($"{ConsoleFixture.Address}/nodes");
        await Assertions.Expect(page).ToHaveTitleAsync("Sign in · Meshover");
        await page.GetByLabel("Token").FillAsync(token);
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign in" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Nodes" })).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByText("olga")).ToBeVisibleAsync();

        var cookie = (await page.Context.CookiesAsync()).Single(cookie => cookie.Name == "__Host-meshover");
        Assert.Equal((true, true, SameSiteAttribute.Lax), (cookie.HttpOnly, cookie.Secure, cookie.SameSite));
        var other = await page.Context.NewPageAsync();
        await other.GotoAsync($"{ConsoleFixture.Address}/events");
        await page.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Your session has ended.")).ToBeVisibleAsync();
        // A page that was open in another tab ends as well, and the cookie is worth nothing any more.
        await Assertions.Expect(other.GetByLabel("Token")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await page.Context.AddCookiesAsync([new Microsoft.Playwright.Cookie { Name = cookie.Name, Value = cookie.Value, Url = ConsoleFixture.Address, Secure = true, HttpOnly = true }]);
        await page.GotoAsync($"{ConsoleFixture.Address}/nodes");
        await Assertions.Expect(page.GetByLabel("Token")).ToBeVisibleAsync();
        await page.Context.CloseAsync();
    }

    [Fact]
    public async Task Link_SignsInOnce()
    {
        var link = ConsoleFixture.AtIPv4(await console.TokenAsync("--once", "--role", "viewer"));
        await console.TurnsAsync(2);
        var first = await console.NewPageAsync(new BrowserNewContextOptions());
        await first.GotoAsync(link);
        await Assertions.Expect(first.GetByRole(AriaRole.Link, new() { Name = "Nodes" })).ToBeVisibleAsync();

        var second = await console.NewPageAsync(new BrowserNewContextOptions());
        await second.GotoAsync(link);
        await Assertions.Expect(second.GetByText("That token does not let you in")).ToBeVisibleAsync();
        await first.Context.CloseAsync();
        await second.Context.CloseAsync();
    }

    [Fact]
    public async Task SigningInAnew_BeginsAnotherSession_AndEndsTheFormer()
    {
        var (strong, weak) = (await console.TokenAsync("--role", "administrator", "--name", "both"), await console.TokenAsync("--role", "viewer", "--name", "both"));
        using var door = new Door(console.Mesh.Node(2).Machine);
        await door.SignInAsync(strong);
        Assert.Contains("/join", await (await door.GetAsync("/nodes")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        var former = door.Cookie;
        Assert.Equal("/", (await door.SignInAsync(weak)).Headers.Location!.OriginalString);
        Assert.NotEqual(former, door.Cookie);
        Assert.DoesNotContain("/join", await (await door.GetAsync("/nodes")).Content.ReadAsStringAsync(), StringComparison.Ordinal);
        door.Cookie = former;
        Assert.Equal(HttpStatusCode.Redirect, (await door.GetAsync("/nodes")).StatusCode);
    }

    [Fact]
    public async Task RevokedToken_EndsTheSessionsThatBeganWithIt()
    {
        var token = await console.TokenAsync("--role", "viewer", "--name", "rosa");
        using var door = new Door(console.Mesh.Node(2).Machine);
        Assert.Equal("/", (await door.SignInAsync(token)).Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.OK, (await door.GetAsync("/nodes")).StatusCode);
        (await console.Mesh.Controller.Machine.RunAsync(Lab.LabPrograms.Controller, ["console-token", "revoke", token.Split('_')[1]], CancellationToken.None)).Checked();
        Assert.Equal(HttpStatusCode.Redirect, (await door.GetAsync("/nodes")).StatusCode);
    }

    [Fact]
    public async Task Attacks_AreRefused()
    {
        var good = await console.TokenAsync("--role", "administrator", "--name", "mallory");
        using var door = new Door(console.Mesh.Node(1).Machine);

        // Without a form of ours, from another site's page, with a session and without.
        Assert.Equal(HttpStatusCode.BadRequest, (await door.PostAsync("/session", [new("token", good)])).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await door.PostAsync("/session", [new("token", good)], origin: "https://evil.example")).StatusCode);
        Assert.Equal("/", (await door.SignInAsync(good)).Headers.Location!.OriginalString);
        Assert.Equal(HttpStatusCode.BadRequest, (await door.PostAsync("/session/end", [])).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await door.GetAsync("/_blazor?id=x", origin: "https://evil.example")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await door.GetAsync("/nodes")).StatusCode);

        // What is the nodes' and the administrators' is not here, signed in or not; nor may anybody be led elsewhere.
        Assert.Equal(HttpStatusCode.NotFound, (await door.PostAsync("/meshover.v1.AdminService/CreateToken", [])).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await door.GetAsync("/metrics")).StatusCode);
        using var stranger = new Door(console.Mesh.Node(1).Machine);
        Assert.Equal("/", (await stranger.SignInAsync(good, to: "//evil.example/")).Headers.Location!.OriginalString);
        using var nobody = new Door(console.Mesh.Node(1).Machine);
        Assert.Equal(HttpStatusCode.Unauthorized, (await nobody.GetAsync("/_blazor/negotiate")).StatusCode);

        // Guessing ends soon, and a good token helps nobody then; other addresses are not concerned.
        using var guesser = new Door(console.Mesh.Node(3).Machine);
        var guesses = 0;
        while ((await guesser.SignInAsync($"{good[..^1]}{(good[^1] == '0' ? '1' : '0')}")).StatusCode == HttpStatusCode.Redirect)
            Assert.True(++guesses < 100, "a hundred guesses in a row are answered");
        Assert.True(guesses >= 10, $"only {guesses} mistyped tokens are allowed");
        Assert.Equal(HttpStatusCode.TooManyRequests, (await guesser.SignInAsync(good)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await door.GetAsync("/")).StatusCode);
    }

    [Fact]
    public async Task EachAnswer_TellsBrowsersToBeStrict()
    {
        using var door = new Door(console.Mesh.Node(2).Machine);
        var answer = await door.GetAsync("/sign-in");
        var policy = answer.Headers.GetValues("Content-Security-Policy").Single();
        Assert.Contains("default-src 'none'", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.Contains("max-age=", answer.Headers.GetValues("Strict-Transport-Security").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.DoesNotContain("style=", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Somebody with a program instead of a browser, on a machine of the lab.</summary>
    private sealed partial class Door : IDisposable
    {
        private readonly HttpClient _client;
        private readonly CookieContainer _cookies = new();

        /// <summary>That of the session.</summary>
        public string Cookie
        {
            get => _cookies.GetCookies(new Uri(ConsoleFixture.Address))["__Host-meshover"]!.Value;
            set => _cookies.GetCookies(new Uri(ConsoleFixture.Address))["__Host-meshover"]!.Value = value;
        }

        public Door(Machine machine) => _client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            CookieContainer = _cookies,
            ConnectCallback = async (_, ct) =>
            {
                var socket = machine.InNetwork(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await socket.ConnectAsync(AddressPlan.Controller4, 12913, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = { RemoteCertificateValidationCallback = (_, shown, _, _) => shown is X509Certificate2 server && server.MatchesHostname("node.meshover") },
        })
        { BaseAddress = new Uri(ConsoleFixture.Address), Timeout = TimeSpan.FromSeconds(15) };

        public Task<HttpResponseMessage> GetAsync(string path, string? origin = null) => SendAsync(HttpMethod.Get, path, null, origin);

        public Task<HttpResponseMessage> PostAsync(string path, IEnumerable<KeyValuePair<string, string>> form, string? origin = null) =>
            SendAsync(HttpMethod.Post, path, new FormUrlEncodedContent(form), origin);

        public async Task<HttpResponseMessage> SignInAsync(string token, string to = "/")
        {
            var page = await (await GetAsync("/sign-in")).Content.ReadAsStringAsync();
            return await PostAsync("/session", [new("__RequestVerificationToken", FormToken().Match(page).Groups["token"].Value), new("token", token), new("to", to)], ConsoleFixture.Address);
        }

        public void Dispose() => _client.Dispose();

        private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, string? origin)
        {
            using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = content };
            if (origin is not null)
                request.Headers.Add("Origin", origin);
            return await _client.SendAsync(request);
        }

        [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"(?<token>[^\"]+)\"", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
        private static partial Regex FormToken();
    }
}
