using Meshover.WireGuard.Crypto.Batch;

namespace Meshover.UnitTests.WireGuard.Crypto;

/// <summary>The test of itself that a batch cipher must pass at the start, and what is used where it does not.</summary>
public sealed unsafe class BatchChoiceTests
{
    private const int Tag = 16;

    [Fact]
    public void Choose_TheWidestThatIsGood()
    {
        Assert.Equal(BatchCipher.Avx512, BatchChoice.Choose(_ => true));
        Assert.Equal(BatchCipher.Avx2, BatchChoice.Choose(cipher => cipher == BatchCipher.Avx2));
    }

    [Fact]
    public void Choose_NoneThatIsGood_IsOpenSsl() => Assert.Equal(BatchCipher.OpenSsl, BatchChoice.Choose(_ => false));

    [Fact]
    public void Agrees_OurOwn_IsTrue() =>
        Assert.All(Supported, cipher => Assert.True(BatchChoice.Agrees(cipher, PacketSet.Seal, PacketSet.Open)));

    public static TheoryData<string> Faults =>
        ["clear text", "a tag's bit", "the last byte", "one length", "one lane", "one counter", "all authentic", "none authentic", "text not decrypted"];

    [Theory, MemberData(nameof(Faults))]
    public void Agrees_ABrokenOne_IsFalse(string fault)
    {
        Assert.All(Supported, cipher => Assert.False(BatchChoice.Agrees(cipher, Seal, Open)));

        void Seal(BatchCipher batch, byte* key, PacketJob* jobs, int count)
        {
            if (fault == "clear text")
                return;
            if (fault == "one counter")
                jobs[2].Counter++;
            PacketSet.Seal(batch, key, jobs, count);
            if (fault == "one counter")
                jobs[2].Counter--;
            if (fault == "a tag's bit")
                jobs[count - 1].Packet[jobs->Length + Tag - 1] ^= 0x80;
            if (fault == "the last byte" && jobs->Length > 0)
                jobs[0].Packet[jobs->Length - 1] ^= 1;
            if (fault == "one length" && jobs->Length == 1_420)
                jobs[1].Packet[700] ^= 1;
            if (fault == "one lane")
                jobs[3].Packet[jobs->Length] ^= 1;
        }

        void Open(BatchCipher batch, byte* key, PacketJob* jobs, int count)
        {
            PacketSet.Open(batch, key, jobs, count);
            for (var i = 0; i < count; i++)
            {
                if (fault is "all authentic" or "none authentic")
                    jobs[i].IsAuthentic = fault == "all authentic";
                if (fault == "text not decrypted" && jobs->Length > 0)
                    jobs[i].Packet[0] ^= 1;
            }
        }
    }

    private static IEnumerable<BatchCipher> Supported => Enum.GetValues<BatchCipher>().Where(PacketSet.IsSupported);
}
